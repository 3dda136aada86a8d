#pragma once

#include <cstdint>

#include <millrace/codec/skip_value.hpp>

namespace millrace::detail {

MILLRACE_INLINE const char* skip_nested(const char* at, json_bytes in,
                                        const skip_limits& limits) noexcept {
    const std::size_t max_depth = std::min<std::size_t>(limits.depth, 64);
    std::uint64_t objects = 0;  // a bit for each bracket that is open, the innermost lowest
    std::size_t depth = 0, members = 0;
    const auto is_object = [&] { return (objects & 1) != 0; };
    const auto closing = [&] { return is_object() ? '}' : ']'; };
    const auto skip_name = [&] {
        if (++members > limits.members) return false;
        at = skip_plain_string(at, in, limits.name_bytes);
        if (at == nullptr) return false;
        at = skip_white_space(at);
        if (*at != ':') return false;
        at = skip_white_space(at + 1);
        return true;
    };
    for (;;) {
        bool is_behind_value = true;
        if (*at == '{' || *at == '[') {
            if (depth == max_depth) return nullptr;
            ++depth;
            objects = objects << 1 | (*at == '{' ? 1u : 0u);
            at = skip_white_space(at + 1);
            is_behind_value = *at == closing();
        } else {
            at = skip_scalar(at, in, limits);
            if (at == nullptr) return nullptr;
            at = skip_white_space(at);
        }
        if (is_behind_value) {
            for (; *at == closing(); at = skip_white_space(at)) {
                ++at;
                objects >>= 1;
                if (--depth == 0) return at;
            }
            if (*at != ',') return nullptr;
            at = skip_white_space(at + 1);
        }
        if (is_object() && !skip_name()) return nullptr;
    }
}

}  // namespace millrace::detail
