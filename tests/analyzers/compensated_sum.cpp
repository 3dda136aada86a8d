#include <millrace/analyzers/compensated_sum.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using millrace::compensated_sum;

namespace {

__extension__ using wide = __int128;

/// Doubles that are multiples of 1 below 2^100, whose sum 128 bits hold exactly.
std::vector<double> numbers_of_all_sizes(std::size_t count, random_source& random) {
    std::vector<double> numbers(count);
    for (double& number : numbers) {
        const auto digits = static_cast<double>(random() >> 11);
        number =
            std::ldexp(random() % 2 == 0 ? digits : -digits, static_cast<int>(below(47, random)));
    }
    return numbers;
}

wide exact_sum(const std::vector<double>& numbers) {
    wide sum = 0;
    for (const double number : numbers) sum += static_cast<wide>(number);
    return sum;
}

/// The docstring's bound, in units of what a rounding of `exact` costs.
bool is_within_bound(double value, wide exact, const std::vector<double>& numbers) {
    const double u = std::ldexp(1.0, -53);
    double magnitude = 0;
    for (const double number : numbers) magnitude += std::abs(number);
    const double n = static_cast<double>(numbers.size());
    const wide error = static_cast<wide>(value) - exact;
    const double allowed =
        u * std::abs(static_cast<double>(exact)) + 2 * (n * u) * (n * u) * magnitude;
    return std::abs(static_cast<double>(error)) <= allowed * (1 + 1e-9);
}

}  // namespace

TEST_CASE("compensated_sum finds what plain addition loses") {
    compensated_sum sum;
    for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.add(x);
    REQUIRE(sum.value() == 2);
}

TEST_CASE("compensated_sum is within its bound of the exact sum, also when merged") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        auto numbers = numbers_of_all_sizes(2000, random);
        if (seed % 2 == 0) {  // cancel nearly all
            for (std::size_t i = 0; i < 999; ++i) numbers[1000 + i] = -numbers[i];
            std::shuffle(numbers.begin(), numbers.end(), random);
        }
        const wide exact = exact_sum(numbers);

        compensated_sum sum;
        for (const double number : numbers) sum.add(number);
        REQUIRE(is_within_bound(sum.value(), exact, numbers));

        std::vector<compensated_sum> parts(1 + below(50, random));
        for (const double number : numbers) parts[below(parts.size(), random)].add(number);
        while (parts.size() > 1) {
            const compensated_sum last = parts.back();
            parts.pop_back();
            parts[below(parts.size(), random)].merge(last);
        }
        REQUIRE(is_within_bound(parts.front().value(), exact, numbers));
    }
}

TEST_CASE("compensated_sum treats infinity and overflow like a plain sum") {
    const double infinity = std::numeric_limits<double>::infinity();
    const double huge = std::numeric_limits<double>::max();
    const auto sum_of = [](auto... x) {
        compensated_sum sum;
        (sum.add(x), ...);
        return sum.value();
    };
    REQUIRE(sum_of() == 0);
    REQUIRE(sum_of(1.0, infinity, 1.0) == infinity);
    REQUIRE(sum_of(-infinity, 1.0) == -infinity);
    REQUIRE(sum_of(huge, huge, 1.0) == infinity);
    REQUIRE(std::isnan(sum_of(infinity, -infinity)));
}
