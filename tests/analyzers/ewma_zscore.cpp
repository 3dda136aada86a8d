#include <millrace/analyzers/ewma_zscore.hpp>

#include <cmath>
#include <limits>

#include <millrace/core/record.hpp>
#include "streams.hpp"

using detector = millrace::ewma_zscore<&reading::value>;
using defaults = millrace::ewma_zscore_defaults;

namespace {

struct quick : defaults {
    static constexpr double alpha = 0.3;
    static constexpr double threshold = 2.5;
    static constexpr std::uint64_t warm_up = 5;
};

struct coarse : defaults {
    static constexpr double min_stddev = 1;
};

}  // namespace

using quick_detector = millrace::ewma_zscore<&reading::value, quick>;

static_assert(millrace::analyzer<detector, reading>);
static_assert(millrace::analyzer<quick_detector, reading>);
static_assert(!millrace::mergeable<detector>);

// It reads the results of a previous stage.
using hourly = millrace::record<int, millrace::named_value<"mean", double>>;
static_assert(millrace::analyzer<millrace::ewma_zscore<millrace::at<"mean">>, hourly>);

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Mean and standard deviation by definition: every past value with its weight.
struct weighted_history {
    double mean;
    double stddev;
};
weighted_history by_definition(const std::vector<double>& history, double alpha) {
    long double weights = 0, mean = 0, variance = 0;
    const auto weight = [&](std::size_t i) {
        return std::pow(1 - static_cast<long double>(alpha),
                        static_cast<long double>(history.size() - 1 - i));
    };
    for (std::size_t i = 0; i < history.size(); ++i) weights += weight(i);
    for (std::size_t i = 0; i < history.size(); ++i) {
        mean += weight(i) / weights * static_cast<long double>(history[i]);
    }
    for (std::size_t i = 0; i < history.size(); ++i) {
        const long double deviation = static_cast<long double>(history[i]) - mean;
        variance += weight(i) / weights * deviation * deviation;
    }
    return {static_cast<double>(mean), static_cast<double>(std::sqrt(variance))};
}

template <class Detector, class Options>
void require_definition() {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        Detector tested;
        std::vector<double> history;
        for (const reading& event : random_readings(150, random)) {
            const bool is_warm = history.size() >= Options::warm_up;
            tested.update(event);
            const auto result = tested.result();
            if (is_warm) {
                const auto [mean, stddev] = by_definition(history, Options::alpha);
                const double z = (event.value - mean) / stddev;
                const double t = Options::threshold;
                REQUIRE(is_close(result.expected, mean, 1e-12));
                REQUIRE(is_close(result.lower, mean - t * stddev, 1e-11));
                REQUIRE(is_close(result.upper, mean + t * stddev, 1e-11));
                REQUIRE(is_close(result.score, z * z / (z * z + t * t), 1e-9));
                REQUIRE(result.anomaly == (std::abs(z) >= t));
            } else {
                REQUIRE(result.score == 0);
                REQUIRE_FALSE(result.anomaly);
                REQUIRE(std::isnan(result.lower));
                REQUIRE(std::isnan(result.upper));
                REQUIRE(std::isnan(result.expected) == history.empty());
            }
            history.push_back(event.value);
        }
    }
}

/// Warm and without noise of its own: alternately 9 and 11.
detector warm() {
    detector d;
    for (int i = 0; i < 200; ++i) d.update(reading{i % 2 == 0 ? 9.0 : 11.0});
    return d;
}

}  // namespace

TEST_CASE("ewma_zscore is what its definition computes from the whole history") {
    require_definition<detector, defaults>();
    require_definition<quick_detector, quick>();
}

TEST_CASE("ewma_zscore finds outliers in noise and little else") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        std::normal_distribution<double> noise{100, 5};
        detector d;
        int missed = 0, false_alarms = 0;
        constexpr int count = 10'000, period = 250;
        for (int i = 1; i <= count; ++i) {
            const bool is_outlier = i % period == 0;
            d.update(reading{noise(random) + (is_outlier ? 60 : 0)});
            if (is_outlier && !d.result().anomaly) ++missed;
            if (!is_outlier && d.result().anomaly) ++false_alarms;
        }
        CHECK(missed == 0);
        // 0.27 % of normal values are beyond 3 known deviations; the deviation is estimated here.
        CHECK(false_alarms < count / 100);
    }
}

TEST_CASE("ewma_zscore's score: from 0 to 1 with the distance, 0.5 at the bounds") {
    const detector d = warm();
    const auto bounds = d.explain(reading{});
    REQUIRE(d.score(reading{bounds.expected}) == 0);
    REQUIRE(std::abs(d.score(reading{bounds.lower}) - 0.5) < 1e-12);
    REQUIRE(std::abs(d.score(reading{bounds.upper}) - 0.5) < 1e-12);
    double before = -1;
    for (double distance = 0; distance < 100; distance += 0.1) {
        const double score = d.score(reading{bounds.expected + distance});
        REQUIRE(score > before);
        REQUIRE(score < 1);
        REQUIRE(is_close(score, d.score(reading{bounds.expected - distance}), 1e-9));
        REQUIRE(d.explain(reading{bounds.expected + distance}).anomaly == (score >= 0.5));
        before = score;
    }
}

TEST_CASE("ewma_zscore judges an event by the state before it, and explain does not learn") {
    detector d = warm();
    const std::string state = save(d);
    const auto explained = d.explain(reading{14});
    REQUIRE(explained.anomaly);
    REQUIRE(d.score(reading{14}) == explained.score);
    REQUIRE(save(d) == state);
    d.update(reading{14});
    REQUIRE(d.result() == explained);
    REQUIRE(d.explain(reading{14}).expected > explained.expected);
}

TEST_CASE("ewma_zscore does not learn a NaN and does not repeat the last alarm for it") {
    detector d = warm();
    d.update(reading{14});
    REQUIRE(d.result().anomaly);
    const auto before = d.explain(reading{10.5});
    d.update(reading{not_a_number});
    REQUIRE(d.result().score == 0);
    REQUIRE_FALSE(d.result().anomaly);
    REQUIRE(d.explain(reading{10.5}) == before);
}

TEST_CASE("ewma_zscore alarms at infinity and does not learn it") {
    for (const double x : {infinity, -infinity, 1e200}) {
        detector d = warm();
        const auto before = d.explain(reading{10.5});
        d.update(reading{x});
        REQUIRE(d.result().score == 1);
        REQUIRE(d.result().anomaly);
        REQUIRE(d.explain(reading{10.5}) == before);
    }
    detector fresh;
    fresh.update(reading{infinity});
    REQUIRE(save(fresh) == save(detector{}));
}

TEST_CASE("ewma_zscore of a constant stream alarms at a change and not at rounding") {
    detector d;
    for (int i = 0; i < 1000; ++i) {
        d.update(reading{61.2});
        REQUIRE(d.result().score == 0);
    }
    REQUIRE(d.score(reading{std::nextafter(61.2, 100)}) < 0.01);
    REQUIRE(d.score(reading{61.3}) > 0.99);

    millrace::ewma_zscore<&reading::value, coarse> patient;
    for (int i = 0; i < 1000; ++i) patient.update(reading{61.2});
    REQUIRE(patient.score(reading{63.2}) < 0.5);
    REQUIRE(patient.score(reading{65.2}) > 0.5);
}

TEST_CASE("ewma_zscore before any event") {
    const auto result = detector{}.result();
    REQUIRE(result.score == 0);
    REQUIRE(std::isnan(result.expected));
    REQUIRE_FALSE(result.anomaly);
}

TEST_CASE("ewma_zscore survives an archive") {
    require_archive_keeps_every_bit<detector>();
    require_archive_keeps_every_bit<quick_detector>();
}

TEST_CASE("ewma_zscore refuses a state that cannot be") {
    std::string bytes = save(warm());
    bytes[1 + 8 + 8 + 8 + 7] = static_cast<char>(0xBF);  // the variance's sign
    detector d;
    REQUIRE(load(bytes, d) == millrace::errc::archive_corrupt);
    REQUIRE(save(d) == save(detector{}));
}
