#pragma once

#include <millrace/core/detail/offset_table.hpp>

namespace millrace::detail {

MILLRACE_INLINE void offset_table::add(std::int64_t at, std::int32_t offset) {
    if (at > latest) return;
    if (at <= changes_.back().at) {
        changes_.back().offset = offset;
        if (changes_.size() > 1 && changes_.end()[-2].offset == offset) changes_.pop_back();
        return;
    }
    const change& last = changes_.back();
    if (offset == last.offset) return;
    changes_.push_back({at, std::max(last.reached, at + last.offset), offset});
}

MILLRACE_INLINE offset_table::first_instant offset_table::first_at(
    std::int64_t local) const noexcept {
    const change& in = changes_[last_not_after(local, &change::reached)];
    const std::int64_t second = local - in.offset;
    if (second < in.at) return {in.at, false};
    return {second, true};
}

MILLRACE_INLINE std::size_t offset_table::last_not_after(
    std::int64_t time, std::int64_t change::*member) const noexcept {
    std::size_t found = 0;
    for (std::size_t left = changes_.size(); left > 1;) {
        const std::size_t half = left / 2;
        found += changes_[found + half].*member <= time ? half : 0;
        left -= half;
    }
    return found;
}

}  // namespace millrace::detail
