#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::websocket {

/// The bytes of one message, which grow at the end. From `mapped_bytes` on they are pages of their
/// own: those grow in place or move without being copied, and go back to the system at the end.
/// A buffer that grew on the heap would leave its earlier sizes there, as gaps that stay resident.
///
/// Throws std::bad_alloc where there is no memory. Linux only (mremap).
class message_buffer {
public:
    static constexpr std::size_t mapped_bytes = 256 * 1024;

    message_buffer() = default;
    message_buffer(message_buffer&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)},
          size_{std::exchange(other.size_, 0)},
          capacity_{std::exchange(other.capacity_, 0)} {}
    message_buffer& operator=(message_buffer&& other) noexcept {
        message_buffer ending{std::move(other)};
        std::swap(data_, ending.data_);
        std::swap(size_, ending.size_);
        std::swap(capacity_, ending.capacity_);
        return *this;
    }
    ~message_buffer() { is_mapped() ? unmap() : delete[] data_; }

    [[nodiscard]] char* data() noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Of mapped pages, those never written to take no memory.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

    /// Room for so many bytes, or for twice as many as there was room for.
    void reserve(std::size_t bytes) {
        if (bytes > capacity_) grow(std::max(bytes, 2 * capacity_));
    }

    /// `bytes` must not lie in this buffer.
    void append(std::string_view bytes) {
        reserve(size_ + bytes.size());
        if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }

private:
    [[nodiscard]] bool is_mapped() const noexcept { return capacity_ >= mapped_bytes; }

    void unmap() noexcept { ::munmap(data_, capacity_); }

    void grow(std::size_t bytes);

    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/message_buffer.ipp>
#endif
