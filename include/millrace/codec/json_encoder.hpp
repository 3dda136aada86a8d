#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <millrace/codec/json_string.hpp>
#include <millrace/codec/number_text.hpp>
#include <millrace/codec/plain_run.hpp>
#include <millrace/codec/text_block.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

namespace detail {

/// Puts a JSON string, as `append_json_string` does.
inline void put_json_string(text_block& out, std::string_view text) {
    constexpr std::size_t short_text = 64;
    const char* const end = text.data() + text.size();
    if (text.size() > short_text || end_of_plain_run(text.data(), end) != end)
        return append_json_string(out.flush(), text);
    char* to = out.room<short_text + 2>();
    *to++ = '"';
    to = std::copy_n(text.data(), text.size(), to);
    *to++ = '"';
    out.written_to(to);
}

template <class T>
void put_json(text_block& out, const T& value, time_format format) {
    if constexpr (is_optional<T>) {
        value ? put_json(out, *value, format) : out.put("null");
    } else if constexpr (text<T>) {
        put_json_string(out, value);
    } else if constexpr (named_enum<T>) {
        const std::string_view name = schema<T>.name_of(value);
        name.data() ? put_json_string(out, name) : out.put("null");
    } else if constexpr (std::same_as<T, timestamp>) {
        if (format != time_format::rfc3339) return put_json(out, count_of(value, format), format);
        char* to = out.room<max_rfc3339_bytes + 2>();
        *to++ = '"';
        to = write_rfc3339(to, value);
        *to++ = '"';
        out.written_to(to);
    } else if constexpr (std::same_as<T, bool>) {
        value ? out.put("true") : out.put("false");
    } else {
        if constexpr (std::floating_point<T>) {
            if (!std::isfinite(value)) return out.put("null");
        }
        out.written_to(write_number(out.room<max_number_bytes>(), value));
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
            prefixes_.push_back(i == 0 ? '{' : ',');
            append_json_string(prefixes_, names[i]);
            prefixes_ += ':';
            ends_[i + 1] = prefixes_.size();
        }
        prefixes_.append(detail::text_block::step, '\0');
    }

    void encode(const T& value, std::string& out) const {
        detail::text_block block{out};
        std::size_t i = 0;
        schema<T>.for_each([&](const auto& field) {
            block.put_padded({prefixes_.data() + ends_[i], ends_[i + 1] - ends_[i]});
            detail::put_json(block, field.get(value), field.format);
            ++i;
        });
        schema<T>.size == 0 ? block.put("{}") : block.put("}");
        block.flush();
    }

private:
    std::string prefixes_;  // what is in front of each value
    std::array<std::size_t, schema<T>.size + 1> ends_{};
};

}  // namespace millrace
