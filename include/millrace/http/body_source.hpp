#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::http {

/// What an answer says behind its head, read in pieces while the peer takes it, so that a
/// connection needs memory for one piece only. It does not change; answers on any number of
/// connections, in any threads, may read it at the same time.
class body_source {
public:
    /// The most that is read at once.
    static constexpr std::size_t piece_bytes = 64 * 1024;

    body_source() = default;
    body_source(const body_source&) = delete;
    body_source& operator=(const body_source&) = delete;
    virtual ~body_source() = default;

    /// In bytes.
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

    /// Appends the `count` bytes from `offset` on, which lie within its size, to `out`. False if it
    /// cannot, or if they are no longer those of the same body: what was begun cannot be finished.
    [[nodiscard]] virtual bool read(std::uint64_t offset, std::size_t count,
                                    std::string& out) const = 0;

    /// The memory that it takes, for all who send it together.
    [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
};

using shared_body = std::shared_ptr<const body_source>;

/// A text in memory.
class text_source final : public body_source {
public:
    explicit text_source(std::string text) : text_{std::move(text)} {
        if (text_.capacity() - text_.size() > piece_bytes) text_.shrink_to_fit();
    }

    [[nodiscard]] std::uint64_t size() const noexcept override { return text_.size(); }

    [[nodiscard]] bool read(std::uint64_t offset, std::size_t count,
                            std::string& out) const override;

    [[nodiscard]] std::size_t memory_bytes() const noexcept override { return text_.capacity(); }

private:
    std::string text_;
};

/// Reads a body from its beginning to its end.
class body_reader {
public:
    body_reader() = default;
    explicit body_reader(shared_body from) noexcept : from_{std::move(from)} {}

    [[nodiscard]] bool is_done() const noexcept {
        return from_ == nullptr || offset_ == from_->size();
    }

    /// Appends the next piece. False if it cannot be read any more.
    [[nodiscard]] bool next(std::string& out);

    /// Its share of the body's memory, which it has in common with others who hold it.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    shared_body from_;
    std::uint64_t offset_ = 0;
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/body_source.ipp>
#endif
