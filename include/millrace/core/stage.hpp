#pragma once

#include <concepts>

namespace millrace {

/// What the parts of a pipeline derive from, so that `|` joins them and nothing else.
struct stage {};

template <class T>
concept pipeline_stage = std::derived_from<T, stage>;

}  // namespace millrace
