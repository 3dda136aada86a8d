#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>

#include <millrace/core/composite_key.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// What a key can be: text, an integer, or an enumeration with a schema.
template <class T>
concept key_value = text<T> || std::integral<T> || named_enum<T>;

/// The longest text that is taken as a key, in bytes; of a key of several parts, all of their text.
/// An event with a longer one is refused, which its sender is told where the event comes with a
/// message and `key_by` stands before whatever changes or filters the stream, or where it is the
/// key of `per_key`; elsewhere it is counted in `pipeline_stats::refused_keys`.
struct max_key_bytes {
    std::size_t value = 256;
};

/// How many keys may hold state at a time, one million by default. What becomes of one more depends
/// on whose option it is:
///
/// | option of                        | one key more                                          |
/// |----------------------------------|-------------------------------------------------------|
/// | `window`                         | its events are refused                                |
/// | a join, `top_n`                  | likewise                                              |
/// | `process_with_state`,            | likewise, unless they are told `evict_least_recent`   |
/// | `lookup_join`                    |                                                       |
/// | `process` without a window,      | the key that was not seen for longest makes room,     |
/// | `detect`; `dedup`, `rate_limit`, | unless they are told `refuse_new_keys`, or events may |
/// | `sample`, `changes_only`         | be corrected                                          |
/// | a source whose time is `per_key` | likewise, and its windows close, `trigger::evicted`:  |
/// |                                  | their records have only a part of the events          |
///
/// That of a `window` is the limit of each of its windows for `tumbling`, `global` and an assigner
/// of one's own; of all windows together for `session`, `sliding`, windows by count, and whatever
/// stands behind `per_key`.
///
/// A key that made room starts anew when it comes back. Events that are refused are counted in
/// `pipeline_stats::refused_keys`, keys that made room in `evicted_keys`. What corrects an event
/// that a window refused is taken for a correction of one that it holds: where events may be
/// corrected, set limits that are not reached.
struct max_keys {
    std::size_t value = 1'000'000;
};

/// How a stream is keyed has a `projection`, which gives an event's key, and the key's `name`.
/// A stream without `key_by`: everything belongs to one key.
struct unkeyed {
    struct whole_stream {
        template <class Event>
        constexpr no_key operator()(const Event&) const noexcept {
            return {};
        }
    };
    whole_stream projection{};
    std::string_view name{};
};

namespace detail {

template <class T>
struct owned {
    using type = T;
};
template <>
struct owned<std::string_view> {
    using type = std::string;
};
template <class... Parts>
struct owned<composite_key<Parts...>> {
    using type = composite_key<typename owned<Parts>::type...>;
};

/// How many bytes of text a key has, as far as it has any.
template <class Key>
[[nodiscard]] constexpr std::size_t text_size(const Key& key) noexcept {
    if constexpr (text<Key>) {
        return key.size();
    } else if constexpr (is_composite_key<Key>) {
        return std::apply([](const auto&... each) { return (text_size(each) + ...); }, key.parts);
    } else {
        return 0;
    }
}

template <class Key>
inline constexpr bool has_text = text<Key>;
template <class... Parts>
inline constexpr bool has_text<composite_key<Parts...>> = (text<Parts> || ...);

template <class Key>
inline constexpr bool is_key = key_value<Key>;
template <class... Parts>
inline constexpr bool is_key<composite_key<Parts...>> = (key_value<Parts> && ...);

/// What gives a key for an event, or the parts of one.
template <class Projection, class Event>
concept gives_key =
    std::invocable<const Projection&, const Event&> && is_key<projected<Projection, Event>>;

}  // namespace detail

/// The form in which a key is kept: text is owned.
template <class KeyBy, class Event>
using key_of = typename detail::owned<projected<decltype(KeyBy::projection), Event>>::type;

}  // namespace millrace
