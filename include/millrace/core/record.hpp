#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/composite_key.hpp>
#include <millrace/core/fixed_string.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// The half-open span of event time [start, end) that a result is of.
struct window_bounds {
    timestamp start{};
    timestamp end{};

    template <class Archive>
    void archive(Archive& ar) {
        ar(start, end);
    }

    friend constexpr bool operator==(const window_bounds&, const window_bounds&) = default;
};

/// That of a window by count, and which of its key's windows it is, from 0 on. Several may have
/// the same bounds.
struct numbered_window : window_bounds {
    std::uint64_t number = 0;

    template <class Archive>
    void archive(Archive& ar) {
        window_bounds::archive(ar);
        ar(number);
    }

    friend constexpr bool operator==(const numbered_window&, const numbered_window&) = default;
};

/// Why a record was published.
enum class trigger {
    event,      ///< no window: each event gives a record
    watermark,  ///< event time passed the window's end
    count,      ///< a window by count was full
    idle,       ///< input stopped for the idle timeout: what the window holds so far
    late,       ///< a late event within the allowed lateness corrected an earlier record
    stop,       ///< the pipeline was finished with the window still open
    evicted,    ///< its key had to make room for others: events that still come start anew
    early,      ///< an early trigger of the window fired: what it holds so far
};

template <>
inline constexpr auto schema<trigger> =
    enumerators(enumerator{"event", trigger::event}, enumerator{"watermark", trigger::watermark},
                enumerator{"count", trigger::count}, enumerator{"idle", trigger::idle},
                enumerator{"late", trigger::late}, enumerator{"stop", trigger::stop},
                enumerator{"evicted", trigger::evicted}, enumerator{"early", trigger::early});

/// What a record says about the one of the same key and window that came before.
enum class change {
    insert,  ///< there was none
    update,  ///< it takes the other's place
    remove,  ///< the other does not hold any more, nor does this
};

template <>
inline constexpr auto schema<change> = enumerators(enumerator{"insert", change::insert},
                                                   enumerator{"update", change::update},
                                                   enumerator{"remove", change::remove});

/// The key of a stream without `key_by`.
struct no_key {
    template <class Archive>
    void archive(Archive&) noexcept {}

    friend constexpr bool operator==(no_key, no_key) = default;
};

/// A result that is one number, under the name `Name`.
template <fixed_string Name, class T>
struct named_value {
    T value{};

    friend constexpr bool operator==(const named_value&, const named_value&) = default;
};

template <fixed_string Name, class T>
inline constexpr auto schema<named_value<Name, T>> = fields(field{Name.view(),
                                                                  &named_value<Name, T>::value});

/// A result with further fields behind it.
template <class Result, class Added>
struct joined {
    Result result{};
    Added added{};

    friend constexpr bool operator==(const joined&, const joined&) = default;
};

/// What a stream processor publishes: the result of one key over one window, and how far to
/// trust it.
/// @tparam Window `window_bounds`, or `numbered_window` of a window by count
template <class Key, class Result, class Window = window_bounds>
struct record {
    Key key{};
    Window window{};
    Result result{};
    millrace::change change = millrace::change::insert;
    /// 0 for the first record of this key and window, then one more for each that replaces it.
    std::uint32_t revision = 0;
    /// No correction can follow.
    bool is_final = true;
    trigger fired_by = trigger::watermark;
    /// No event earlier than this is expected any more.
    timestamp watermark{};
    /// Events of the stream so far that came later than the allowed lateness.
    std::uint64_t late = 0;

    friend constexpr bool operator==(const record&, const record&) = default;
};

template <class T>
inline constexpr bool is_record = false;
template <class Key, class Result, class Window>
inline constexpr bool is_record<record<Key, Result, Window>> = true;

namespace detail {

/// The event, which says so if it is a record.
template <class Event>
[[nodiscard]] Event marked(Event event, [[maybe_unused]] change as) {
    if constexpr (is_record<Event>) event.change = as;
    return event;
}

/// Whether an update leaves all as it was but what records say of themselves.
template <class Event>
[[nodiscard]] bool is_repetition([[maybe_unused]] const Event& before,
                                 [[maybe_unused]] const Event& after) {
    if constexpr (is_record<Event>) {
        if constexpr (std::equality_comparable<decltype(after.result)>)
            return before.result == after.result && before.key == after.key &&
                   before.window == after.window;
    }
    return false;
}

template <class Owner, class Member, class... Inner>
constexpr auto nest(Member Owner::*member, const field_list<Inner...>& list) {
    return std::apply(
        [member](const auto&... each) {
            return std::tuple{nested_field<Owner, Member, Inner>{each.name, member, each}...};
        },
        list.all);
}

template <class... Fields>
constexpr field_list<Fields...> as_fields(std::tuple<Fields...> all) {
    return field_list<Fields...>{all};
}

/// A part of a record's key.
template <class Row, std::size_t At>
struct key_part_field {
    using owner_type = Row;
    using value_type = std::tuple_element_t<At, decltype(decltype(Row::key)::parts)>;
    static constexpr field_role role = field_role::key;

    std::string_view name;
    time_format format = time_format::rfc3339;

    [[nodiscard]] constexpr const value_type& get(const Row& row) const noexcept {
        return std::get<At>(row.key.parts);
    }
    [[nodiscard]] constexpr value_type& get(Row& row) const noexcept {
        return std::get<At>(row.key.parts);
    }
};

/// The names of key parts that have no others: `at<"key_1">` and so on.
inline constexpr std::array<std::string_view, max_key_parts> key_part_names{
    "key_1", "key_2", "key_3", "key_4", "key_5", "key_6", "key_7", "key_8"};

template <class Row, std::size_t... At>
consteval auto key_part_fields(std::index_sequence<At...>) {
    return std::tuple{key_part_field<Row, At>{key_part_names[At]}...};
}

template <class Key, class Result, class Window>
consteval auto record_fields() {
    using row = record<Key, Result, Window>;
    const auto key = [] {
        if constexpr (std::same_as<Key, no_key>) {
            return std::tuple{};
        } else if constexpr (is_composite_key<Key>) {
            return key_part_fields<row>(
                std::make_index_sequence<std::tuple_size_v<decltype(Key::parts)>>{});
        } else {
            return std::tuple{role_field<row, Key, field_role::key>{"key", &row::key}};
        }
    }();
    constexpr auto bounds =
        field_list<role_field<window_bounds, timestamp, field_role::window_start>,
                   role_field<window_bounds, timestamp, field_role::window_end>>{
            std::tuple{role_field<window_bounds, timestamp, field_role::window_start>{
                           "start", &window_bounds::start},
                       role_field<window_bounds, timestamp, field_role::window_end>{
                           "end", &window_bounds::end}}};
    const auto number = [] {
        if constexpr (std::same_as<Window, numbered_window>) {
            using field = role_field<Window, std::uint64_t, field_role::window_number>;
            return field_list<field>{std::tuple{field{"number", &Window::number}}};
        } else {
            return field_list<>{};
        }
    }();
    const auto own = std::tuple_cat(
        nest(&row::window, number), nest(&row::window, bounds), nest(&row::result, schema<Result>),
        std::tuple{field{"change", &row::change}, field{"revision", &row::revision},
                   field{"final", &row::is_final}, field{"trigger", &row::fired_by},
                   field{"watermark", &row::watermark}, field{"late", &row::late}});
    check_fields(as_fields(own));  // the key is called otherwise: see require_key_name
    return as_fields(std::tuple_cat(key, own));
}

/// Whether the key of a record has several parts, a field each.
template <class Record>
inline constexpr bool has_key_parts = false;
template <class... Parts, class Result, class Window>
inline constexpr bool has_key_parts<record<composite_key<Parts...>, Result, Window>> = true;

}  // namespace detail

/// What the fields of a record are called where its stream calls the key `key_name`, for encoders
/// and storages: the key's field so, or those of its parts as the name's parts (see
/// millrace/core/composite_key.hpp), and the others as the schema says. Empty stands for the
/// schema's names.
template <described Record>
[[nodiscard]] std::array<std::string, schema<Record>.size> names_with_key(
    std::string_view key_name) {
    std::array<std::string, schema<Record>.size> names;
    std::vector<std::string> parts;
    if (detail::has_key_parts<Record> && !key_name.empty()) parts = detail::parts_from(key_name);
    std::size_t at = 0, part = 0;
    schema<Record>.for_each([&](const auto& each) {
        names[at] = each.name;
        if (std::remove_cvref_t<decltype(each)>::role == field_role::key) {
            if (!detail::has_key_parts<Record>) {
                if (!key_name.empty()) names[at] = key_name;
            } else if (part < parts.size()) {
                names[at] = parts[part++];
            }
        }
        ++at;
    });
    return names;
}

namespace detail {

/// That a record has no other field of the name that its stream gives the key; empty stands for
/// the schema's. @throws std::invalid_argument when another field is called so, or for a key of
/// several parts that does not name each of them
template <described Record>
void require_key_name(std::string_view key_name) {
    if constexpr (has_key_parts<Record>) {
        const std::size_t parts = std::tuple_size_v<decltype(Record{}.key.parts)>;
        if (!key_name.empty() && parts_from(key_name).size() != parts)
            throw std::invalid_argument{"millrace: the key has " + std::to_string(parts) +
                                        " parts, and \"" + std::string{key_name} +
                                        "\" does not name as many; their names are joined by /"};
    }
    if constexpr (has_role<Record, field_role::key>) {
        const auto names = names_with_key<Record>(key_name);
        std::size_t at = 0;
        schema<Record>.for_each([&](const auto& each) {
            const std::string& name = names[at++];
            if (std::remove_cvref_t<decltype(each)>::role != field_role::key) return;
            if (std::ranges::count(names, name) == 1) return;
            throw std::invalid_argument{"millrace: the key is called \"" + name +
                                        "\", as another field of its records; give it a name of "
                                        "its own: key_by(\"NAME\", &event::member), or of several "
                                        "parts key_part{\"NAME\", &event::member}"};
        });
    }
}

}  // namespace detail

template <class Result, class Added>
inline constexpr auto schema<joined<Result, Added>> =
    detail::as_fields(std::tuple_cat(detail::nest(&joined<Result, Added>::result, schema<Result>),
                                     detail::nest(&joined<Result, Added>::added, schema<Added>)));

/// The key under its stream's name, or its parts, of a window by count its number, start, end, the
/// result's fields, change, revision, final, trigger, watermark, late.
template <class Key, class Result, class Window>
inline constexpr auto schema<record<Key, Result, Window>> =
    detail::record_fields<Key, Result, Window>();

}  // namespace millrace
