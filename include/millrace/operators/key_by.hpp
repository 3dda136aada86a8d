#pragma once

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/stage.hpp>

namespace millrace {

/// What a key can be: text, an integer, or an enumeration with a schema.
template <class T>
concept key_value = text<T> || std::integral<T> || named_enum<T>;

/// The longest text that is taken as a key, in bytes. An event with a longer one is refused, which
/// its sender is told where the event comes with a message and `key_by` stands before whatever
/// changes or filters the stream; elsewhere it is counted in `pipeline_stats::refused_keys`.
struct max_key_bytes {
    std::size_t value = 256;
};

template <class Projection>
struct key_by_stage : stage {
    Projection projection;
    std::string name;
    std::size_t max_bytes;

    /// @throws std::invalid_argument for a limit of 0
    key_by_stage(std::string_view key_name, Projection key, max_key_bytes limit = {})
        : projection{std::move(key)}, name{key_name}, max_bytes{limit.value} {
        if (max_bytes == 0) throw std::invalid_argument{"key_by: max_key_bytes must not be 0"};
    }

    /// Whether keys have a size that is limited.
    template <class Event>
    static constexpr bool is_limited = text<std::remove_cvref_t<projected<Projection, Event>>>;

    /// Whether the event's key is short enough.
    template <class Event>
    [[nodiscard]] bool takes(const Event& event) const {
        if constexpr (is_limited<Event>) {
            return project(projection, event).size() <= max_bytes;
        } else {
            return true;
        }
    }

    template <class Event>
    static consteval void require() {
        static_assert(
            requires(const Projection& key, const Event& event) {
                requires key_value<std::remove_cvref_t<decltype(project(key, event))>>;
            },
            "key_by needs: a member or function of the stream's event that gives a string, an "
            "integer or an enumeration with a schema (see millrace/operators/key_by.hpp)");
    }
};

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

/// What the schema calls the field that `member` points to; "key" where it names none.
template <class Owner, class Value>
std::string_view name_of_member(Value Owner::*member) {
    std::string_view name = "key";
    if constexpr (described<Owner>) {
        schema<Owner>.for_each([&](const auto& each) {
            if constexpr (requires { each.member == member; }) {
                if (each.member == member) name = each.name;
            }
        });
    }
    return name;
}

}  // namespace detail

/// The form in which a key is kept: text is owned.
template <class KeyBy, class Event>
using key_of = typename detail::owned<projected<decltype(KeyBy::projection), Event>>::type;

/// Partitions the stream: what follows runs for each value of the member on its own. Results
/// carry the key under the name that the schema gives the member; where that is the name of another
/// field of theirs (start, end, revision, ...), give another: starting would throw.
template <class Owner, class Value>
[[nodiscard]] auto key_by(Value Owner::*member, max_key_bytes limit = {}) {
    return key_by_stage<Value Owner::*>{detail::name_of_member(member), member, limit};
}

/// Partitions the stream by `key(event)`; results carry it under `name`.
template <class Projection>
[[nodiscard]] auto key_by(std::string_view name, Projection key, max_key_bytes limit = {}) {
    return key_by_stage<Projection>{name, std::move(key), limit};
}

}  // namespace millrace
