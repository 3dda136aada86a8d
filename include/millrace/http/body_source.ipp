#pragma once

#include <millrace/http/body_source.hpp>

namespace millrace::http {

MILLRACE_INLINE bool text_source::read(std::uint64_t offset, std::size_t count,
                                       std::string& out) const {
    out.append(text_, static_cast<std::size_t>(offset), count);
    return true;
}

MILLRACE_INLINE bool body_reader::next(std::string& out) {
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(from_->size() - offset_, body_source::piece_bytes));
    if (!from_->read(offset_, count, out)) return false;
    offset_ += count;
    if (is_done()) *this = body_reader{};
    return true;
}

MILLRACE_INLINE std::size_t body_reader::memory_bytes() const noexcept {
    if (from_ == nullptr) return 0;
    const auto owners = static_cast<std::size_t>(std::max(from_.use_count(), 1L));
    return from_->memory_bytes() / owners;
}

}  // namespace millrace::http
