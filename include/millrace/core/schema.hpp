#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/timestamp.hpp>

namespace millrace {

struct no_schema {};

/// What the fields of `T` are called outside the program. A user specialises it:
///
///     template <>
///     inline constexpr auto millrace::schema<trade> = millrace::fields(
///         millrace::field{"symbol", &trade::symbol},
///         millrace::event_time{"time", &trade::time});
///
/// and for an enumeration, whose values are written by name:
///
///     template <>
///     inline constexpr auto millrace::schema<side> = millrace::enumerators(
///         millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});
template <class T>
inline constexpr auto schema = no_schema{};

/// What a field means to a pipeline.
enum class field_role { plain, event_time, key, window_number, window_start, window_end };

/// One member of a struct under its outside name. A member of `std::optional` may be absent or
/// null in the input; every other must be there.
template <class Owner, class Value>
struct field {
    using owner_type = Owner;
    using value_type = Value;
    static constexpr field_role role = field_role::plain;

    std::string_view name;
    Value Owner::*member;
    time_format format = time_format::rfc3339;

    constexpr field(std::string_view field_name, Value Owner::*pointer,
                    time_format written_as = time_format::rfc3339) noexcept
        : name{field_name}, member{pointer}, format{written_as} {}

    [[nodiscard]] constexpr const Value& get(const Owner& owner) const noexcept {
        return owner.*member;
    }
    [[nodiscard]] constexpr Value& get(Owner& owner) const noexcept { return owner.*member; }
};

/// The field that says when the event happened. A schema has at most one.
template <class Owner>
struct event_time : field<Owner, timestamp> {
    static constexpr field_role role = field_role::event_time;
    using field<Owner, timestamp>::field;
};

template <class Owner>
event_time(std::string_view, timestamp Owner::*) -> event_time<Owner>;
template <class Owner>
event_time(std::string_view, timestamp Owner::*, time_format) -> event_time<Owner>;

/// A field of a library type that has another role than its input form.
template <class Owner, class Value, field_role Role>
struct role_field : field<Owner, Value> {
    static constexpr field_role role = Role;
    using field<Owner, Value>::field;
};

/// A field of a member that is itself a struct, flattened into the owner.
template <class Owner, class Member, class Inner>
struct nested_field {
    using owner_type = Owner;
    using value_type = typename Inner::value_type;
    static constexpr field_role role = Inner::role;

    std::string_view name;
    Member Owner::*member;
    Inner inner;
    time_format format = inner.format;

    constexpr nested_field(std::string_view field_name, Member Owner::*pointer, Inner field_inside)
        : name{field_name}, member{pointer}, inner{field_inside} {}

    [[nodiscard]] constexpr const value_type& get(const Owner& owner) const noexcept {
        return inner.get(owner.*member);
    }
    [[nodiscard]] constexpr value_type& get(Owner& owner) const noexcept {
        return inner.get(owner.*member);
    }
};

/// The fields of a struct, in the order in which they are written.
template <class... Fields>
struct field_list {
    static constexpr std::size_t size = sizeof...(Fields);
    std::tuple<Fields...> all;

    /// Calls `f(field)` for each field in turn.
    template <class F>
    constexpr void for_each(F&& f) const {
        std::apply([&](const auto&... each) { (f(each), ...); }, all);
    }

    /// The position of the field called `name`, or `size`.
    [[nodiscard]] constexpr std::size_t index_of(std::string_view name) const {
        std::size_t index = size, i = 0;
        for_each([&](const auto& each) {
            if (each.name == name) index = i;
            ++i;
        });
        return index;
    }

    [[nodiscard]] constexpr std::array<std::string_view, size> names() const {
        return std::apply(
            [](const auto&... each) { return std::array<std::string_view, size>{each.name...}; },
            all);
    }
};

namespace detail {

// Not constexpr: a call in a constant expression stops the compiler, which prints the name.
inline void schema_has_two_fields_of_one_name() {}
inline void schema_has_two_event_times() {}

template <class... Fields>
consteval void check_fields(const field_list<Fields...>& list) {
    const auto names = list.names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t j = i + 1; j < names.size(); ++j) {
            if (names[i] == names[j]) schema_has_two_fields_of_one_name();
        }
    }
    if (((Fields::role == field_role::event_time ? 1 : 0) + ... + 0) > 1) {
        schema_has_two_event_times();
    }
}

}  // namespace detail

/// Makes a schema of fields. Two fields of one name, or two event times, do not compile.
template <class... Fields>
[[nodiscard]] consteval field_list<Fields...> fields(Fields... each) {
    field_list<Fields...> list{std::tuple<Fields...>{each...}};
    detail::check_fields(list);
    return list;
}

template <class Enum>
struct enumerator {
    std::string_view name;
    Enum value;
    constexpr enumerator(std::string_view outside_name, Enum inside_value) noexcept
        : name{outside_name}, value{inside_value} {}
};

template <class Enum, std::size_t N>
struct enumerator_list {
    std::array<enumerator<Enum>, N> all;

    [[nodiscard]] constexpr std::optional<Enum> find(std::string_view name) const {
        for (const auto& each : all) {
            if (each.name == name) return each.value;
        }
        return std::nullopt;
    }
    /// The value's name; empty for a value that the schema does not list.
    [[nodiscard]] constexpr std::string_view name_of(Enum value) const {
        for (const auto& each : all) {
            if (each.value == value) return each.name;
        }
        return {};
    }
};

/// Makes the schema of an enumeration.
template <class Enum, class... More>
[[nodiscard]] consteval auto enumerators(enumerator<Enum> first, More... more) {
    return enumerator_list<Enum, 1 + sizeof...(More)>{{first, more...}};
}

namespace detail {

template <class T>
struct unwrap_optional {
    using type = T;
};
template <class T>
struct unwrap_optional<std::optional<T>> {
    using type = T;
};

}  // namespace detail

/// The type inside a `std::optional`, or the type itself.
template <class T>
using unwrapped = typename detail::unwrap_optional<T>::type;

template <class T>
inline constexpr bool is_optional = !std::same_as<unwrapped<T>, T>;

/// A struct or an enumeration with a schema.
template <class T>
concept has_schema = !std::same_as<std::remove_cvref_t<decltype(schema<T>)>, no_schema>;

template <class T>
concept named_enum = std::is_enum_v<T> && has_schema<T>;

template <class T>
concept text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;

/// A struct whose fields are known: an event or a result.
template <class T>
concept described = std::is_class_v<T> && has_schema<T>;

/// What a field can hold, outside `std::optional`.
template <class T>
concept scalar = std::integral<T> || std::floating_point<T> || text<T> || named_enum<T> ||
    std::same_as<T, timestamp>;

namespace detail {

template <class T, field_role Role>
consteval std::size_t role_index() {
    std::size_t index = schema<T>.size, i = 0;
    schema<T>.for_each([&](const auto& each) {
        if (std::remove_cvref_t<decltype(each)>::role == Role) index = i;
        ++i;
    });
    return index;
}

template <class T, field_role Role>
consteval std::size_t role_count() {
    std::size_t count = 0;
    schema<T>.for_each(
        [&](const auto& each) { count += std::remove_cvref_t<decltype(each)>::role == Role; });
    return count;
}

}  // namespace detail

/// Whether the schema of `T` names a field of that role.
template <class T, field_role Role>
concept has_role = described<T> &&(detail::role_index<T, Role>() < schema<T>.size);

/// The value of the one field of that role, by reference.
template <field_role Role, class T>
requires has_role<std::remove_const_t<T>, Role>
[[nodiscard]] constexpr auto& field_of(T& owner) {
    using plain = std::remove_const_t<T>;
    static_assert(detail::role_count<plain, Role>() == 1,
                  "field_of needs: a role that one field has; a key of several parts is the member "
                  "`key` of its record (see millrace/core/composite_key.hpp)");
    return std::get<detail::role_index<plain, Role>()>(schema<plain>.all).get(owner);
}

}  // namespace millrace
