#pragma once

#include <cstddef>

namespace millrace {

/// How many bytes the events of a table may take, with the texts and containers that their schema
/// leads to, beside its keys. What would go beyond is refused, so that the one that was there
/// stays, and is counted in `pipeline_stats::refused_keys`.
struct max_table_bytes {
    std::size_t value = 256 * 1024 * 1024;
};

/// Right events for which `f(const Right&)` is true say that from then on there is none.
template <class Function>
struct deleted_when {
    Function function;
};
template <class Function>
deleted_when(Function) -> deleted_when<Function>;

}  // namespace millrace
