#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <millrace/analyzers/analyzer.hpp>
#include "catch.hpp"

// What the tests of analyzers share: an event, random streams of it, and the laws that every
// analyzer obeys.

struct reading {
    double value = 0;
    double weight = 1;
    int number = 0;
    millrace::timestamp time{};
};

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"value", &reading::value}, millrace::field{"weight", &reading::weight},
    millrace::field{"number", &reading::number}, millrace::event_time{"time", &reading::time});

using random_source = std::mt19937_64;

inline std::size_t below(std::size_t limit, random_source& random) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
}

/// Values around 50, times with ties and out of order.
inline std::vector<reading> random_readings(std::size_t count, random_source& random) {
    std::normal_distribution<double> value{50, 7};
    std::uniform_real_distribution<double> weight{0.5, 20};
    std::vector<reading> readings(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t second = i / 3 + below(10, random);
        readings[i] = {value(random), weight(random), static_cast<int>(below(1000, random)) - 500,
                       millrace::timestamp{std::chrono::seconds{second}}};
    }
    return readings;
}

template <class Analyzer, class Event>
Analyzer fed(const std::vector<Event>& events) {
    Analyzer analyzer;
    for (const Event& event : events) analyzer.update(event);
    return analyzer;
}

/// The events in consecutive parts, some of them empty, merged neighbour with neighbour in a
/// random order.
template <class Analyzer, class Event>
Analyzer fed_by_merge_tree(const std::vector<Event>& events, random_source& random) {
    std::vector<Analyzer> parts(1 + below(events.size() + 2, random));
    std::vector<std::size_t> part_of(events.size());
    for (std::size_t& part : part_of) part = below(parts.size(), random);
    std::sort(part_of.begin(), part_of.end());
    for (std::size_t i = 0; i < events.size(); ++i) parts[part_of[i]].update(events[i]);
    while (parts.size() > 1) {
        const auto left = static_cast<std::ptrdiff_t>(below(parts.size() - 1, random));
        parts[static_cast<std::size_t>(left)].merge(parts[static_cast<std::size_t>(left) + 1]);
        parts.erase(parts.begin() + left + 1);
    }
    return parts.front();
}

/// Equal in every field, where a NaN equals a NaN.
template <millrace::described Result>
bool is_identical(const Result& a, const Result& b) {
    bool identical = true;
    millrace::schema<Result>.for_each([&](const auto& field) {
        const auto& left = field.get(a);
        const auto& right = field.get(b);
        identical = identical && (left == right || (left != left && right != right));
    });
    return identical;
}

/// Saving and loading in the middle of a stream changes no bit of what comes after; what was cut
/// short is refused and changes nothing.
template <class Analyzer>
void require_archive_keeps_every_bit() {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        auto events = random_readings(200, random);
        std::shuffle(events.begin(), events.end(), random);
        const std::size_t cut = below(events.size() + 1, random);

        Analyzer interrupted;
        for (std::size_t i = 0; i < cut; ++i) interrupted.update(events[i]);
        const std::string saved = millrace::save(interrupted);
        Analyzer resumed = fed<Analyzer>(random_readings(3, random));
        const std::string before = millrace::save(resumed);
        for (std::size_t size = 0; size < saved.size(); ++size) {
            REQUIRE(millrace::load(saved.substr(0, size), resumed));
            REQUIRE(millrace::save(resumed) == before);
        }
        REQUIRE_FALSE(millrace::load(saved, resumed));
        REQUIRE(millrace::save(resumed) == saved);
        REQUIRE(is_identical(millrace::named_result(resumed), millrace::named_result(interrupted)));
        for (std::size_t i = cut; i < events.size(); ++i) resumed.update(events[i]);

        const auto uninterrupted = fed<Analyzer>(events);
        REQUIRE(millrace::save(resumed) == millrace::save(uninterrupted));
        REQUIRE(
            is_identical(millrace::named_result(resumed), millrace::named_result(uninterrupted)));
    }
}

/// A merge tree of any shape gives the same result as one pass, as `is_same(tree, pass)` sees it.
template <class Analyzer, class Same>
void require_merge_trees_agree(Same&& is_same) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(2 + below(300, random), random);
        const auto tree = fed_by_merge_tree<Analyzer>(events, random);
        REQUIRE(is_same(tree.result(), fed<Analyzer>(events).result()));
    }
}

/// Merging with the state before any event changes nothing, on either side.
template <class Analyzer>
void require_empty_is_neutral() {
    random_source random{1};
    const auto some = fed<Analyzer>(random_readings(20, random));
    Analyzer left, right = some;
    left.merge(some);
    right.merge(Analyzer{});
    REQUIRE(left.result() == some.result());
    REQUIRE(right.result() == some.result());
}

inline bool is_close(double a, double b, double relative) {
    return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}
