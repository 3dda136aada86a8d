#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <millrace/codec/json_string.hpp>
#include <millrace/codec/text.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

namespace detail {

template <class T>
void append_json(std::string& out, const T& value, time_format format) {
    if constexpr (is_optional<T>) {
        value ? append_json(out, *value, format) : void(out.append("null"));
    } else if constexpr (text<T>) {
        append_json_string(out, value);
    } else if constexpr (named_enum<T>) {
        const std::string_view name = schema<T>.name_of(value);
        name.data() ? append_json_string(out, name) : void(out.append("null"));
    } else if constexpr (std::floating_point<T>) {
        std::isfinite(value) ? append_number(out, value) : void(out.append("null"));
    } else if constexpr (std::same_as<T, timestamp>) {
        const bool is_text = format == time_format::rfc3339;
        if (is_text) out.push_back('"');
        append_text(out, value, format);
        if (is_text) out.push_back('"');
    } else {
        append_text(out, value);
    }
}

}  // namespace detail

/// Encodes a struct with a `schema` as one JSON object, its members in the schema's order.
/// Numbers read back as the same, 64-bit integers included; infinities, NaN, an empty optional and
/// an enumerator without a name are null; a time is RFC 3339 or an integer, as its field says.
/// What is not UTF-8 in a string becomes U+FFFD.
///
/// Complexity: linear in the output. Nothing is allocated but by `out`.
template <described T>
class json_encoder {
public:
    /// The field of role `key` is called `key_name`, unless that is empty; of a key of several
    /// parts, each as the name's part (see `composite_key`).
    /// @throws std::invalid_argument when another field is called so
    explicit json_encoder(std::string_view key_name = {}) {
        detail::require_key_name<T>(key_name);
        const auto names = names_with_key<T>(key_name);
        for (std::size_t i = 0; i < names.size(); ++i) {
            prefixes_[i].push_back(i == 0 ? '{' : ',');
            append_json_string(prefixes_[i], names[i]);
            prefixes_[i] += ':';
        }
    }

    void encode(const T& value, std::string& out) const {
        std::size_t i = 0;
        schema<T>.for_each([&](const auto& field) {
            out.append(prefixes_[i++]);
            detail::append_json(out, field.get(value), field.format);
        });
        out.append(schema<T>.size == 0 ? "{}" : "}");
    }

private:
    std::array<std::string, schema<T>.size> prefixes_;
};

}  // namespace millrace
