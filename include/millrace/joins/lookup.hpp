#pragma once

#include <cstddef>
#include <string>

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

/// A table begins with the events of this file, as if they had come before all others: JSON, an
/// object a line or an array of objects; or CSV (RFC 4180), where the name ends in `.csv`, whose
/// first line names the fields. Whatever is wrong with it stops the start with an exception that
/// says where.
struct loaded_from {
    std::string file;
};

}  // namespace millrace
