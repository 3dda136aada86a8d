#pragma once

#include <concepts>
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

template <class Projection>
struct key_by_stage : stage {
    Projection projection;
    std::string name;

    key_by_stage(std::string_view key_name, Projection key)
        : projection{std::move(key)}, name{key_name} {}

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
[[nodiscard]] auto key_by(Value Owner::*member) {
    return key_by_stage<Value Owner::*>{detail::name_of_member(member), member};
}

/// Partitions the stream by `key(event)`; results carry it under `name`.
template <class Projection>
[[nodiscard]] auto key_by(std::string_view name, Projection key) {
    return key_by_stage<Projection>{name, std::move(key)};
}

}  // namespace millrace
