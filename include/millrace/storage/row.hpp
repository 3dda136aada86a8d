#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <millrace/core/key_text.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

template <class Field>
using value_of = typename std::remove_cvref_t<Field>::value_type;

/// Stops the compiler unless a `Record` that is copied stays whole and can be read back.
template <class Record>
consteval void require_row() {
    static_assert(described<Record>,
                  "storage needs: a record with a schema (see millrace/core/schema.hpp)");
    if constexpr (described<Record>) {
        static_assert(std::default_initializable<Record> && std::copyable<Record>,
                      "storage needs: a record that can be copied and made empty");
        std::apply(
            []<class... Field>(const Field&...) {
                static_assert((scalar<unwrapped<value_of<Field>>> && ...),
                              "storage needs: fields of numbers, bool, std::string, timestamp or "
                              "an enumeration with a schema");
                static_assert((!std::same_as<unwrapped<value_of<Field>>, std::string_view> && ...),
                              "storage needs: std::string in place of std::string_view, whose text "
                              "is gone by the time that a record is written");
            },
            schema<Record>.all);
    }
}

template <class Record>
inline constexpr bool is_windowed = has_role<Record, field_role::window_start>;

/// Whether windows of one key may start at one time, and are told apart by a number.
template <class Record>
inline constexpr bool is_numbered = has_role<Record, field_role::window_number>;

/// The position of the field of time that rows are in the order of: the window's start, else the
/// event time, else none, which is the number of fields.
template <class Record>
consteval std::size_t time_index() {
    return is_windowed<Record> ? role_index<Record, field_role::window_start>()
                               : role_index<Record, field_role::event_time>();
}

template <class Record>
inline constexpr bool is_timed = time_index<Record>() < schema<Record>.size;

template <class Record>
[[nodiscard]] timestamp time_of_row(const Record& row) {
    if constexpr (is_timed<Record>) {
        return std::get<time_index<Record>()>(schema<Record>.all).get(row);
    } else {
        return {};
    }
}

/// The position of the field that says why the record was published, or the number of fields.
template <class Record>
consteval std::size_t trigger_index() {
    std::size_t index = schema<Record>.size, i = 0;
    schema<Record>.for_each([&](const auto& each) {
        if (std::same_as<value_of<decltype(each)>, trigger>) index = i;
        ++i;
    });
    return index;
}

/// Whether the record takes away the one of its window.
template <class Record>
[[nodiscard]] bool is_removal([[maybe_unused]] const Record& row) {
    bool is = false;
    schema<Record>.for_each([&](const auto& each) {
        if constexpr (std::same_as<value_of<decltype(each)>, change>)
            is = is || each.get(row) == change::remove;
    });
    return is;
}

/// Whether the record is the result of a window, which a later one of that window replaces.
template <class Record>
[[nodiscard]] bool is_of_window(const Record& row) {
    if constexpr (!is_windowed<Record>) {
        return false;
    } else if constexpr (trigger_index<Record>() < schema<Record>.size) {
        return std::get<trigger_index<Record>()>(schema<Record>.all).get(row) != trigger::event;
    } else {
        return true;
    }
}

template <class Record>
struct key_of_row {
    using type = no_key;
};
template <class Record>
requires(has_role<Record, field_role::key> && !has_key_parts<Record>)  //
    struct key_of_row<Record> {
    using type =
        value_of<decltype(std::get<role_index<Record, field_role::key>()>(schema<Record>.all))>;
};

template <class Record>
requires has_key_parts<Record>
struct key_of_row<Record> {
    using type = decltype(Record::key);
};

/// The type of a row's key; `no_key` without a field of that role.
template <class Record>
using row_key = typename key_of_row<Record>::type;

}  // namespace millrace::detail
