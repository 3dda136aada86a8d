#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

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

/// A table begins with the rows of this storage, as if they had come before all others, the oldest
/// first: each as it is, or as `f(row)` gives the right event. It has to be there when the pipeline
/// starts, which reads it once; an error of its `scan` stops the start with std::system_error.
template <class Store = void, class Function = std::identity>
struct loaded_from {
    Store* store;
    Function function;

    explicit loaded_from(Store& of,
                         Function f = {}) requires(!std::convertible_to<Store&, std::string>)
        : store{&of}, function{std::move(f)} {}
};

/// A table begins with the events of this file, as if they had come before all others: JSON, an
/// object a line or an array of objects; or CSV (RFC 4180), where the name ends in `.csv`, whose
/// first line names the fields. Whatever is wrong with it stops the start with an exception that
/// says where.
template <>
struct loaded_from<void, std::identity> {
    std::string file;
};
loaded_from(const char*)->loaded_from<void>;
loaded_from(std::string)->loaded_from<void>;

}  // namespace millrace
