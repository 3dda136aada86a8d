#pragma once

#include <string_view>
#include <tuple>
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

    [[nodiscard]] constexpr const value_type& get(const Owner& owner) const {
        return inner.get(std::get<Part>(owner.parts));
    }
    [[nodiscard]] constexpr value_type& get(Owner& owner) const {
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
/// all parts do. Where a part throws at an event, those before it take that back, if they retract.
template <class... Analyzers>
requires(sizeof...(Analyzers) > 0) class summary {
public:
    using result_type = summary_result<result_of<Analyzers>...>;

    static_assert(detail::has_distinct_fields<result_type>,
                  "summary: two results have a field of the same name; "
                  "call one of them differently with named<\"other_name\", ...>");

    template <class Event>
    requires(analyzer<Analyzers, Event>&&...) constexpr void update(const Event& event) {
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
    template <std::size_t Part, class Event>
    constexpr void update_from(const Event& event) {
        auto& here = std::get<Part>(parts_);
        here.update(event);
        if constexpr (Part + 1 == sizeof...(Analyzers)) {
            return;
        } else if constexpr (retractable<decltype(here), Event>) {
            try {
                update_from<Part + 1>(event);
            } catch (...) {
                here.retract(event);
                throw;
            }
        } else {
            update_from<Part + 1>(event);
        }
    }

    template <std::size_t... Part>
    constexpr void merge_parts(const summary& other, std::index_sequence<Part...>) {
        (std::get<Part>(parts_).merge(std::get<Part>(other.parts_)), ...);
    }

    std::tuple<Analyzers...> parts_;
};

}  // namespace millrace
