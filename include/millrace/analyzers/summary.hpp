#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/analyzers/named.hpp>

namespace millrace {

/// The results of several analyzers, whose fields are its own: `at<"mean">(result)`.
template <described... Results>
struct summary_result {
    std::tuple<Results...> parts{};

    friend constexpr bool operator==(const summary_result&, const summary_result&) = default;
};

namespace detail {

/// A field of one part of a `summary_result`.
template <class Owner, std::size_t Part, class Inner>
struct part_field {
    using owner_type = Owner;
    using value_type = typename Inner::value_type;
    static constexpr field_role role = Inner::role;

    std::string_view name;
    Inner inner;
    time_format format = inner.format;

    constexpr explicit part_field(Inner field_inside)
        : name{field_inside.name}, inner{field_inside} {}

    [[nodiscard]] constexpr const value_type& get(const Owner& owner) const noexcept {
        return inner.get(std::get<Part>(owner.parts));
    }
    [[nodiscard]] constexpr value_type& get(Owner& owner) const noexcept {
        return inner.get(std::get<Part>(owner.parts));
    }
};

template <class Owner, std::size_t Part, class... Inner>
constexpr auto fields_of_part(const field_list<Inner...>& list) {
    return std::apply(
        [](const auto&... each) { return std::tuple{part_field<Owner, Part, Inner>{each}...}; },
        list.all);
}

template <class... Results, std::size_t... Part>
constexpr auto summary_fields(std::index_sequence<Part...>) {
    using owner = summary_result<Results...>;
    return as_fields(std::tuple_cat(fields_of_part<owner, Part>(schema<Results>)...));
}

template <class A, class Event>
inline constexpr bool updates_nothrow =
    noexcept(std::declval<A&>().update(std::declval<const Event&>()));

template <class A>
inline constexpr bool is_exactly_retractable = [] {
    if constexpr (requires { A::retracts_exactly; }) {
        return A::retracts_exactly;
    } else {
        return false;
    }
}();

template <class A, class Event>
inline constexpr bool can_undo = is_exactly_retractable<A>&& retractable<A, Event>;

/// What throws takes an event first: before a part that does not throw nothing is kept, nor of the
/// last that may, which is one whose copy is dear.
template <class A, class Event>
consteval unsigned update_rank() {
    if (updates_nothrow<A, Event>) return 2;
    return can_undo<A, Event> || std::is_trivially_copyable_v<A> ? 0 : 1;
}

/// The places of the ranks, the lowest first.
template <std::size_t Size>
consteval std::array<std::size_t, Size> ranked(const std::array<unsigned, Size>& ranks) {
    std::array<std::size_t, Size> places{};
    std::size_t next = 0;
    for (unsigned rank = 0; next < Size; ++rank) {
        for (std::size_t i = 0; i < Size; ++i) {
            if (ranks[i] == rank) places[next++] = i;
        }
    }
    return places;
}

template <class Result>
inline constexpr bool has_distinct_fields = [] {
    const auto names = schema<Result>.names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t j = i + 1; j < names.size(); ++j) {
            if (names[i] == names[j]) return false;
        }
    }
    return true;
}();

}  // namespace detail

template <class... Results>
inline constexpr auto schema<summary_result<Results...>> =
    detail::summary_fields<Results...>(std::index_sequence_for<Results...>{});

/// Several analyzers over the same events as one. Its result has the fields of all, in their
/// order; `named` tells apart those that would have the same name:
///
///     summary<count, mean<&reading::value>, named<"low", min<&reading::value>>>
///
/// Each event costs what it costs the parts, and the state is theirs. It merges and retracts when
/// all parts do. An event at which a part throws leaves all parts as they were. Of several whose
/// `update` is not `noexcept`, all but one are copied before each event, except those with
/// `retracts_exactly` (see millrace/analyzers/analyzer.hpp).
template <class... Analyzers>
requires(sizeof...(Analyzers) > 0) class summary {
public:
    using result_type = summary_result<result_of<Analyzers>...>;
    static constexpr bool retracts_exactly = (detail::is_exactly_retractable<Analyzers> && ...);

    static_assert(detail::has_distinct_fields<result_type>,
                  "summary: two results have a field of the same name; "
                  "call one of them differently with named<\"other_name\", ...>");

    template <class Event>
    requires(analyzer<Analyzers, Event>&&...) constexpr void update(const Event& event) noexcept(
        (detail::updates_nothrow<Analyzers, Event> && ...)) {
        update_from<0>(event);
    }

    template <class Event>
    requires(retractable<Analyzers, Event>&&...) constexpr void retract(const Event& event) {
        std::apply([&event](auto&... part) { (part.retract(event), ...); }, parts_);
    }

    constexpr void merge(const summary& other) requires(mergeable<Analyzers>&&...) {
        merge_parts(other, std::index_sequence_for<Analyzers...>{});
    }

    [[nodiscard]] constexpr result_type result() const {
        return std::apply(
            [](const auto&... part) {
                return result_type{std::tuple<result_of<Analyzers>...>{named_result(part)...}};
            },
            parts_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(parts_);
    }

private:
    template <class Event>
    static constexpr std::array<std::size_t, sizeof...(Analyzers)> order = detail::ranked(
        std::array<unsigned, sizeof...(Analyzers)>{detail::update_rank<Analyzers, Event>()...});

    template <class Event>
    static constexpr std::size_t throwing_parts =
        (std::size_t{!detail::updates_nothrow<Analyzers, Event>} + ...);

    template <std::size_t Place, class Event>
    constexpr void update_from(const Event& event) {
        auto& here = std::get<order<Event>[Place]>(parts_);
        using part = std::remove_reference_t<decltype(here)>;
        if constexpr (Place + 1 >= throwing_parts<Event>) {
            here.update(event);
            if constexpr (Place + 1 < sizeof...(Analyzers)) update_from<Place + 1>(event);
        } else if constexpr (detail::can_undo<part, Event>) {
            here.update(event);
            try {
                update_from<Place + 1>(event);
            } catch (...) {
                here.retract(event);
                throw;
            }
        } else {
            part before = here;
            here.update(event);
            try {
                update_from<Place + 1>(event);
            } catch (...) {
                here = std::move(before);
                throw;
            }
        }
    }

    template <std::size_t... Part>
    constexpr void merge_parts(const summary& other, std::index_sequence<Part...>) {
        (std::get<Part>(parts_).merge(std::get<Part>(other.parts_)), ...);
    }

    std::tuple<Analyzers...> parts_;
};

}  // namespace millrace
