#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <millrace/analyzers/anomaly.hpp>
#include <millrace/analyzers/number.hpp>

namespace millrace {

/// What can be chosen of an `ewma_zscore`. To change one:
///
///     struct quick : ewma_zscore_defaults { static constexpr double alpha = 0.2; };
struct ewma_zscore_defaults {
    /// The newest value's share of the mean in the long run, above 0 and at most 1: the detector
    /// remembers about 2 / alpha - 1 values.
    static constexpr double alpha = 0.05;
    /// The alarm level, in standard deviations.
    static constexpr double threshold = 3;
    /// So many values are learned before the first is scored.
    static constexpr std::uint64_t warm_up = 24;
    /// The standard deviation is taken for no smaller than this, in the value's unit.
    static constexpr double min_stddev = 0;
};

/// Scores each number by its distance from the exponentially weighted mean of those before it, in
/// units of their exponentially weighted standard deviation, and then learns it. The value that is
/// i values old weighs (1 - alpha)^i, and the weights are divided by their sum w, so that the first
/// values are no more than their share:
///
///     w = 1 + (1 - alpha) w,  d = x - mean,  mean += d / w,  var = (1 - 1/w) (var + d^2 / w)
///     score = z^2 / (z^2 + threshold^2),  z = d / sqrt(var)  with mean and var before x
///     bounds = mean -+ threshold sqrt(var)
///
/// During warm-up the score is 0. NaN is neither scored (0) nor learned; a number that is so far
/// away that d^2 is infinite is scored and not learned. A standard deviation below 1e-12 of the
/// mean is rounding and counts as that much, so that a constant stream raises no alarm.
///
/// It depends on the order of events, so it cannot be merged. Constant time, 72 bytes.
///
/// West, Comm. ACM 22 (1979), 532-535. Finch, "Incremental calculation of weighted mean and
/// variance" (2009), section 9.
template <auto Projection, class Options = ewma_zscore_defaults>
class ewma_zscore {
    static_assert(Options::alpha > 0 && Options::alpha <= 1,
                  "ewma_zscore: alpha is above 0 and at most 1");
    static_assert(Options::threshold > 0, "ewma_zscore: threshold is above 0");
    static_assert(Options::warm_up >= 2, "ewma_zscore: warm_up is at least 2");
    static_assert(Options::min_stddev >= 0, "ewma_zscore: min_stddev is not negative");

public:
    template <projects_numbers<Projection> Event>
    void update(const Event& event) noexcept(detail::projects_nothrow<Event, Projection>) {
        const double x = detail::number<Projection>(event);
        last_ = judge(x);
        learn(x);
    }

    /// Of the last event, as it was before that event was learned.
    [[nodiscard]] anomaly_result result() const noexcept { return last_; }

    /// What `result` would be after this event; learns nothing.
    template <projects_numbers<Projection> Event>
    [[nodiscard]] anomaly_result explain(const Event& event) const {
        return judge(detail::number<Projection>(event));
    }

    /// The score that this event would get; learns nothing.
    template <projects_numbers<Projection> Event>
    [[nodiscard]] double score(const Event& event) const {
        return explain(event).score;
    }

    template <class To>
    static void describe(To& to) {
        to.setting("alpha", Options::alpha);
        to.setting("threshold", Options::threshold);
        to.setting("warm_up", Options::warm_up);
        to.setting("min_stddev", Options::min_stddev);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(count_, weight_, mean_, variance_);
        ar(last_.score, last_.expected, last_.lower, last_.upper, last_.anomaly);
        ar.require(weight_ >= 0 && variance_ >= 0 && std::isfinite(mean_));
    }

private:
    [[nodiscard]] anomaly_result judge(double x) const noexcept {
        anomaly_result judged;
        if (count_ > 0) judged.expected = mean_;
        if (count_ < Options::warm_up) return judged;

        const double rounding = 1e-12 * std::abs(mean_);
        const double stddev = std::max({std::sqrt(variance_), rounding, Options::min_stddev});
        const double reach = Options::threshold * stddev;
        judged.lower = mean_ - reach;
        judged.upper = mean_ + reach;
        if (std::isnan(x) || x == mean_) return judged;

        const double ratio = reach / (x - mean_);
        judged.score = 1 / (1 + ratio * ratio);
        judged.anomaly = judged.score >= 0.5;
        return judged;
    }

    void learn(double x) noexcept {
        const double deviation = x - mean_;
        const double squared = deviation * deviation;
        if (!std::isfinite(squared)) return;
        ++count_;
        weight_ = 1 + (1 - Options::alpha) * weight_;
        const double gain = 1 / weight_;
        mean_ += gain * deviation;
        variance_ = (1 - gain) * (variance_ + gain * squared);
    }

    std::uint64_t count_ = 0;
    double weight_ = 0;
    double mean_ = 0;
    double variance_ = 0;
    anomaly_result last_;
};

}  // namespace millrace
