#pragma once

#include <millrace/http/fields.hpp>

namespace millrace::http {

MILLRACE_INLINE std::error_code fields::parse(std::string_view lines, std::size_t max_lines) {
    fields_.clear();
    for (std::size_t count = 0; !lines.empty(); ++count) {
        if (count == max_lines) return errc::header_too_large;
        std::string_view value = split_off(lines, "\r\n");
        const auto colon = value.find(':');
        if (colon == std::string_view::npos) return errc::bad_request;
        const auto name = split_off(value, ":");
        if (!is_token(name)) return errc::bad_request;
        add(name, trim(value));
    }
    return {};
}

MILLRACE_INLINE std::string_view fields::get(std::string_view name) const noexcept {
    const field* found = find(name);
    return found != nullptr ? std::string_view{found->value} : std::string_view{};
}

MILLRACE_INLINE std::size_t fields::count(std::string_view name) const noexcept {
    const field* found = find(name);
    return found != nullptr ? found->times : 0;
}

MILLRACE_INLINE void fields::set(std::string_view name, std::string_view value) {
    if (auto* found = const_cast<field*>(find(name)))
        *found = {std::string{name}, std::string{value}, 1};
    else
        add(name, value);
}

MILLRACE_INLINE const fields::field* fields::find(std::string_view name) const noexcept {
    for (const field& f : fields_)
        if (iequals(f.name, name)) return &f;
    return nullptr;
}

MILLRACE_INLINE void fields::add(std::string_view name, std::string_view value) {
    if (auto* found = const_cast<field*>(find(name))) {
        found->value.append(", ").append(value);
        ++found->times;
    } else {
        fields_.push_back({std::string{name}, std::string{value}, 1});
    }
}

}  // namespace millrace::http
