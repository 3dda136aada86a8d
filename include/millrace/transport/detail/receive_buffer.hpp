#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace millrace::detail {

/// Where one connection's bytes arrive. All connections of a thread read into one shared buffer,
/// one after the other; between reads a connection keeps only the bytes that it could not use yet.
/// A long tail stays in a buffer of its own until it is used up, so that a large frame that comes
/// in small pieces is not copied at each. It grows when it is full and none of it could be used:
/// who leaves bytes in it, for the rest of a head, must have a limit of its own.
///
/// `shared` must have one writable byte behind its end: see `websocket::protocol::receive`.
/// Memory between reads: none for an idle connection; the tail; or for a long tail `shared.size()`,
/// or up to twice the tail's if that is more.
class receive_buffer {
public:
    static constexpr std::size_t max_copied_bytes = 4 * 1024;

    explicit receive_buffer(std::span<char> shared) : shared_{shared} {}

    /// Where to read to, behind the tail; never empty. Nothing may use the shared buffer until
    /// `consume`.
    [[nodiscard]] std::span<char> prepare() {
        static_cast<void>(tail());
        if (size_ == area().size()) grow();
        return area().subspan(size_);
    }

    /// Likewise, to look again at what is kept, without a read.
    [[nodiscard]] std::span<char> tail() {
        if (own_ == nullptr) std::memcpy(shared_.data(), tail_.data(), tail_.size());
        return area().first(size_);
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
            const bool has_room =
                own_ != nullptr && (own_size_ == shared_.size() || size_ >= shared_.size());
            has_room ? void(std::memmove(own_.get(), rest, size_)) : own(shared_.size(), rest);
            tail_ = {};
        } else {
            if (size_ == 0 && tail_.capacity() > max_idle_bytes) tail_ = {};
            tail_.assign(rest, size_);
            own_.reset();
        }
    }

    /// Bytes kept between reads.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// What is held for that.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return own_ ? own_size_ + 1 : tail_.capacity();
    }

private:
    static constexpr std::size_t max_idle_bytes = 512;

    [[nodiscard]] std::span<char> area() const noexcept {
        return own_ ? std::span<char>{own_.get(), own_size_} : shared_;
    }

    void grow() { own(2 * size_, area().data()); }

    /// Moves the tail, at `from`, to a buffer of its own.
    void own(std::size_t capacity, const char* from) {
        auto to = std::make_unique_for_overwrite<char[]>(capacity + 1);
        std::memcpy(to.get(), from, size_);
        own_ = std::move(to);
        own_size_ = capacity;
    }

    std::span<char> shared_;
    std::unique_ptr<char[]> own_;
    std::size_t own_size_ = 0;
    std::string tail_;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
