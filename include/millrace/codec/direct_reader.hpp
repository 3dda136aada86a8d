#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/field_names.hpp>
#include <millrace/codec/field_set.hpp>
#include <millrace/codec/field_value.hpp>
#include <millrace/codec/json_token.hpp>
#include <millrace/codec/member_order.hpp>
#include <millrace/codec/plain_string.hpp>
#include <millrace/codec/skip_value.hpp>

namespace millrace::detail {

/// Reads an object of a JSON text straight into an event, where nothing is wrong with either and
/// no string has escapes: what nearly every message is. Everything else, errors above all, it
/// leaves to RapidJSON's reader, which finds the text as it was.
///
/// Members may come in any order; one that comes where it came in the object before costs one
/// comparison of 16 bytes.
template <described Event>
class direct_reader {
public:
    /// `outer_depth`: how many arrays are open around the objects that are read.
    direct_reader(json_bytes text, const codec_limits& limits, std::size_t outer_depth,
                  member_order& order) noexcept
        : text_{text}, order_{order} {
        const std::size_t depth = std::min(limits.max_depth, hardest_depth);
        has_depth_ = depth > outer_depth;
        limits_ = {has_depth_ ? depth - outer_depth - 1 : 0, limits.max_members,
                   limits.max_string_bytes, limits.max_name_bytes};
    }

    /// Reads the object at `at` into `event` and returns where the next token is. Null when it is
    /// to be read otherwise; `event` may have some of its members then.
    [[nodiscard]] const char* read(const char* at, Event& event) const {
        if (*at != '{' || !has_depth_) return nullptr;
        field_set<Event> given;
        at = skip_white_space(at + 1);
        expected_member* expected = order_.begin();
        expected_member* const unexpected = order_.end();
        std::size_t next_field = 0;
        for (std::size_t position = 0; *at != '}'; ++position) {
            std::size_t field = expected->field();
            const char* value = expected->match(at, text_);
            if (value == nullptr) {
                value = read_name(position, at, next_field, field);
                if (value == nullptr) return nullptr;
                if (expected != unexpected) expected->learn(at, value, field);
            }
            if (expected != unexpected) ++expected;
            next_field = field + 1;
            at = skip_white_space(value);
            visit_index<names::size + 1>(
                field, [&](auto index) __attribute__((always_inline)) {
                    if constexpr (index == names::size) {
                        at = skip_value(at, text_, limits_);
                    } else {
                        constexpr const auto& each = std::get<index>(schema<Event>.all);
                        at = given.add(index) ? read_value(at, each.get(event), each.format)
                                              : nullptr;
                    }
                });
            if (at == nullptr) return nullptr;
            at = skip_white_space(at);
        }
        if (given.missing() != names::size) return nullptr;
        given.reset_others(event);
        return skip_white_space(at + 1);
    }

private:
    using names = field_names<Event>;

    /// The beginning of the value at `position`, in front of which is the comma or name at `at`,
    /// and its member's field.
    [[nodiscard]] const char* read_name(std::size_t position, const char* at, std::size_t likely,
                                        std::size_t& field) const noexcept {
        if (position == limits_.members) return nullptr;
        if (position != 0) {
            if (*at != ',') return nullptr;
            at = skip_white_space(at + 1);
        }
        const char* behind = skip_plain_string(at, text_, limits_.name_bytes);
        if (behind == nullptr) return nullptr;
        field = names::find({at + 1, static_cast<std::size_t>(behind - at) - 2}, likely);
        behind = skip_white_space(behind);
        return *behind == ':' ? skip_white_space(behind + 1) : nullptr;
    }

    template <class Value>
    [[nodiscard]] const char* read_number(const char* at, Value& to, time_format format) const {
        if (text_.end - at >= 7) {
            const short_number number = scan_short_number(at);
            if (number.end != nullptr)
                return assign_number(to, number, format) == no_error ? number.end : nullptr;
        }
        return read_long_number(at, to, format);
    }

    template <class Value>
    [[nodiscard, gnu::noinline]] const char* read_long_number(const char* at, Value& to,
                                                              time_format format) const {
        json_number number;
        const char* const end = scan_number(at, text_.end, number);
        return end != nullptr && assign_number(to, number, format) == no_error ? end : nullptr;
    }

    /// The end of the value at `at`, which `to` then has; null when it is none for it.
    template <class Value>
    [[nodiscard]] const char* read_value(const char* at, Value& to, time_format format) const {
        using type = unwrapped<Value>;
        if constexpr (is_optional<Value>) {
            if (*at == 'n') {
                to.reset();
                return end_of_literal(at, "null");
            }
        }
        if constexpr (takes_text<type>) {
            if (*at == '"') {
                const char* const behind = skip_plain_string(at, text_, limits_.string_bytes);
                if (behind == nullptr) return nullptr;
                const std::string_view text{at + 1, static_cast<std::size_t>(behind - at) - 2};
                return assign_text(engaged(to), text, format) == no_error ? behind : nullptr;
            }
        }
        if constexpr (takes_number<type>) {
            return read_number(at, engaged(to), format);
        } else if constexpr (std::same_as<type, bool>) {
            engaged(to) = *at == 't';
            return end_of_literal(at, *at == 't' ? "true" : "false");
        } else {
            return nullptr;
        }
    }

    json_bytes text_;
    member_order& order_;
    bool has_depth_;
    skip_limits limits_;
};

}  // namespace millrace::detail
