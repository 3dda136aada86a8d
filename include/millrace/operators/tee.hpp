#pragma once

#include <utility>

#include <millrace/core/stage.hpp>

namespace millrace {

template <pipeline_stage First, pipeline_stage Second>
struct tee_stage : stage {
    First first;
    Second second;

    tee_stage(First a, Second b) : first{std::move(a)}, second{std::move(b)} {}
};

/// Gives each event to two branches, the first one first:
///
///     from<trade>("trades") | tee(filter(is_large) | publish("large"), key_by(...) | ...)
///
/// Nothing follows a tee; each branch ends by itself. More than two: a tee in a branch.
template <pipeline_stage First, pipeline_stage Second>
[[nodiscard]] tee_stage<First, Second> tee(First first, Second second) {
    return tee_stage<First, Second>{std::move(first), std::move(second)};
}

}  // namespace millrace
