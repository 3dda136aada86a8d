#pragma once

#include <millrace/websocket/message_buffer.hpp>

namespace millrace::websocket {

MILLRACE_INLINE void message_buffer::grow(std::size_t bytes) {
    if (bytes < mapped_bytes) {
        auto more = std::make_unique_for_overwrite<char[]>(bytes);
        if (size_ != 0) std::memcpy(more.get(), data_, size_);
        delete[] std::exchange(data_, more.release());
        capacity_ = bytes;
        return;
    }
    constexpr std::size_t step = 64 * 1024;  // whole pages of any size that Linux has
    bytes = (bytes + step - 1) / step * step;
    void* const more = is_mapped() ? ::mremap(data_, capacity_, bytes, MREMAP_MAYMOVE)
                                   : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (more == MAP_FAILED) throw std::bad_alloc{};
    if (!is_mapped()) {
        if (size_ != 0) std::memcpy(more, data_, size_);
        delete[] data_;
    }
    data_ = static_cast<char*>(more);
    capacity_ = bytes;
}

}  // namespace millrace::websocket
