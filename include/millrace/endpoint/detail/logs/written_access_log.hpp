#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <millrace/endpoint/access_format.hpp>
#include <millrace/endpoint/access_log.hpp>
#include <millrace/endpoint/detail/logs/line_writer.hpp>

namespace millrace::detail {

/// Formats lines and has them written in a thread. Copies share it.
template <class Sink>
class written_access_log {
public:
    written_access_log(Sink sink, const access_log_options& options)
        : format_{options.format},
          writer_{std::make_shared<line_writer<Sink>>(std::move(sink), options.max_queued_bytes)} {}

    void write(const access_entry& entry) const {
        std::string line;
        append_access_line(line, entry, format_);
        writer_->write(line);
    }

    /// Waits until what was logged before is written.
    void flush() const { writer_->flush(); }

    /// Lines that did not fit, and batches that could not be written.
    [[nodiscard]] std::uint64_t lost() const { return writer_->lost(); }

protected:
    [[nodiscard]] line_writer<Sink>& writer() const noexcept { return *writer_; }

private:
    access_format format_;
    std::shared_ptr<line_writer<Sink>> writer_;
};

}  // namespace millrace::detail
