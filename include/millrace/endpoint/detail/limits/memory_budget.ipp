#pragma once

#include <millrace/endpoint/detail/limits/memory_budget.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::vector<std::size_t> largest_of_all(
    const std::vector<std::vector<std::size_t>>& sizes, std::size_t excess) {
    std::vector<std::size_t> counts(sizes.size());
    while (excess != 0) {
        std::size_t largest = 0, at = sizes.size();
        for (std::size_t i = 0; i != sizes.size(); ++i)
            if (counts[i] != sizes[i].size() && sizes[i][counts[i]] > largest) {
                largest = sizes[i][counts[i]];
                at = i;
            }
        if (at == sizes.size()) break;
        ++counts[at];
        excess -= std::min(excess, largest);
    }
    return counts;
}

}  // namespace millrace::detail
