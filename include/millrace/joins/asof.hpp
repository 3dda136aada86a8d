#pragma once

#include <millrace/core/schema.hpp>
#include <millrace/core/within.hpp>

namespace millrace {

/// Which right event an `asof_join` gives a left one, of those of its key.
enum class asof {
    backward,  ///< the latest that is not later; the default
    forward,   ///< the earliest that is not earlier
    nearest,   ///< the one whose time is nearest; of two that are as near the earlier one
};

template <>
inline constexpr auto schema<asof> = enumerators(enumerator{"backward", asof::backward},
                                                 enumerator{"forward", asof::forward},
                                                 enumerator{"nearest", asof::nearest});

/// Whether a right event of the very time of the left one is its partner, as is the default.
struct allow_exact_matches {
    bool value = true;
};

}  // namespace millrace
