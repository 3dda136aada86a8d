#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

/// The header fields of an HTTP head (RFC 9110, section 5). Names are found in any case; the values
/// of a name that is given more than once are joined by ", ", in order.
class fields {
public:
    /// Replaces the fields by those of `lines`, each ending in CRLF and free of bad control
    /// characters. Errors: `errc::bad_request`; `errc::header_too_large` beyond `max_lines`.
    std::error_code parse(std::string_view lines, std::size_t max_lines) {
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

    [[nodiscard]] bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

    /// The value of `name`, empty when it is absent. It lives as long as the fields do.
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept {
        const field* found = find(name);
        return found != nullptr ? std::string_view{found->value} : std::string_view{};
    }

    /// How often `name` was given.
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept {
        const field* found = find(name);
        return found != nullptr ? found->times : 0;
    }

    /// Replaces what was given of `name`.
    void set(std::string_view name, std::string_view value) {
        if (auto* found = const_cast<field*>(find(name)))
            *found = {std::string{name}, std::string{value}, 1};
        else
            add(name, value);
    }

private:
    struct field {
        std::string name;
        std::string value;
        std::size_t times;
    };

    [[nodiscard]] const field* find(std::string_view name) const noexcept {
        for (const field& f : fields_)
            if (iequals(f.name, name)) return &f;
        return nullptr;
    }

    void add(std::string_view name, std::string_view value) {
        if (auto* found = const_cast<field*>(find(name))) {
            found->value.append(", ").append(value);
            ++found->times;
        } else {
            fields_.push_back({std::string{name}, std::string{value}, 1});
        }
    }

    std::vector<field> fields_;
};

}  // namespace millrace::http
