#pragma once

#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// The span that numbers lie in.
struct extremes {
    double min = 0;
    double max = 0;

    friend constexpr bool operator==(const extremes&, const extremes&) = default;
};

template <>
inline constexpr auto schema<extremes> = fields(field{"min", &extremes::min},
                                                field{"max", &extremes::max});

/// `min` and `max` in one, 16 bytes.
template <auto Projection>
class min_max {
public:
    template <projects_numbers<Projection> Event>
    constexpr void update(const Event& event) noexcept(
        detail::projects_nothrow<Event, Projection>) {
        least_.update(event);
        greatest_.update(event);
    }

    constexpr void merge(const min_max& other) {
        least_.merge(other.least_);
        greatest_.merge(other.greatest_);
    }

    [[nodiscard]] constexpr extremes result() const noexcept {
        return {least_.result(), greatest_.result()};
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(least_, greatest_);
    }

private:
    min<Projection> least_;
    max<Projection> greatest_;
};

}  // namespace millrace
