#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace millrace::detail {

/// Where one connection's bytes arrive. All connections of a thread read into one shared buffer,
/// one after the other; between reads a connection keeps only the bytes that it could not use yet.
/// A long tail stays in a buffer of its own until it is used up, so that a large frame that comes
/// in small pieces is not copied at each.
///
/// `shared` must have one writable byte behind its end: see `websocket::protocol::receive`.
/// Memory between reads: none for an idle connection; the tail; or `shared.size()` for a long tail.
class receive_buffer {
public:
    static constexpr std::size_t max_copied_bytes = 4 * 1024;

    explicit receive_buffer(std::span<char> shared) : shared_{shared} {}

    /// Where to read to, behind the tail. Nothing may use the shared buffer until `consume`.
    [[nodiscard]] std::span<char> prepare() {
        if (own_ == nullptr) std::memcpy(shared_.data(), tail_.data(), tail_.size());
        return shared_.size() == size_ ? std::span<char>{} : area().subspan(size_);
    }

    /// Adds what was read; gives all the bytes, with a writable one behind them.
    [[nodiscard]] std::span<char> commit(std::size_t bytes) {
        size_ += bytes;
        return area().first(size_);
    }

    /// Takes `bytes` off the front and keeps the rest.
    void consume(std::size_t bytes) {
        const char* rest = area().data() + bytes;
        size_ -= bytes;
        if (size_ > max_copied_bytes) {
            auto to = own_ ? std::move(own_) : std::make_unique<char[]>(shared_.size() + 1);
            std::memmove(to.get(), rest, size_);
            own_ = std::move(to);
            tail_ = {};
        } else {
            if (size_ == 0 && tail_.capacity() > max_idle_bytes) tail_ = {};
            tail_.assign(rest, size_);
            own_.reset();
        }
    }

    /// Bytes kept between reads.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t max_idle_bytes = 512;

    [[nodiscard]] std::span<char> area() const noexcept {
        return own_ ? std::span<char>{own_.get(), shared_.size()} : shared_;
    }

    std::span<char> shared_;
    std::unique_ptr<char[]> own_;
    std::string tail_;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
