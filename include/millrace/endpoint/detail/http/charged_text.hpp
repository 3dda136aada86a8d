#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <millrace/http/body_source.hpp>
#include <millrace/publish/detail/fair_queue.hpp>

namespace millrace::detail {

/// A text that is charged to someone as long as it is kept.
class charged_text final : public http::body_source {
public:
    charged_text(std::string text, fair_queue::charge charge)
        : text_{std::move(text)}, charge_{std::move(charge)} {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return text_.size(); }
    [[nodiscard]] bool read(std::uint64_t offset, std::size_t count,
                            std::string& out) const override {
        return text_.read(offset, count, out);
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept override {
        return text_.memory_bytes();
    }

private:
    http::text_source text_;
    fair_queue::charge charge_;
};

}  // namespace millrace::detail
