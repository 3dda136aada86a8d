#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

/// The header fields of an HTTP head (RFC 9110, section 5). Names are found in any case; the values
/// of a name that is given more than once are joined by ", ", in order.
class fields {
public:
    /// Replaces the fields by those of `lines`, each ending in CRLF and free of bad control
    /// characters. Errors: `errc::bad_request`; `errc::header_too_large` beyond `max_lines`.
    std::error_code parse(std::string_view lines, std::size_t max_lines);

    [[nodiscard]] bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

    /// The value of `name`, empty when it is absent. It lives as long as the fields do.
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept;

    /// How often `name` was given.
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

    /// Replaces what was given of `name`.
    void set(std::string_view name, std::string_view value);

private:
    struct field {
        std::string name;
        std::string value;
        std::size_t times;
    };

    [[nodiscard]] const field* find(std::string_view name) const noexcept;

    void add(std::string_view name, std::string_view value);

    std::vector<field> fields_;
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/fields.ipp>
#endif
