#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/publish/topic.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace::detail {

/// How many records one request for a topic's history may ask for.
struct history_limits {
    std::size_t default_rows;  ///< where it names no limit
    std::size_t max_rows;      ///< in any case
};

/// What a client asks of a topic's history, as the client writes it.
struct history_request {
    std::optional<std::string> key{};
    std::optional<std::string> from{}, to{};  ///< RFC 3339, or integer milliseconds since the epoch
    std::optional<std::string> limit{};       ///< at least 1
};

/// A request as a query; else the name of the member that is wrong.
struct history_query {
    storage_query query{};
    std::string_view wrong{};
};

/// The key becomes the canonical one of the topic, and the limit is cut to `max_rows`.
[[nodiscard]] history_query parse(const history_request& request, const topic& of,
                                  history_limits limits);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/publish/detail/history_request.ipp>
#endif
