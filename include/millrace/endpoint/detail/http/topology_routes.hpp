#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/pipeline/topology.hpp>

namespace millrace::detail {

/// A pipeline that is served, by its name in the metrics.
struct named_topology {
    std::string_view pipeline;
    const topology* made_of;
};

/// [{"pipeline":"trades","fingerprint":...},...], see `topology::json`.
[[nodiscard]] std::string topologies_as_json(const std::vector<named_topology>& all);

/// One flowchart, where each pipeline is a subgraph.
[[nodiscard]] std::string topologies_as_mermaid(const std::vector<named_topology>& all);

[[nodiscard]] std::string topologies_as_text(const std::vector<named_topology>& all);

/// GET /api/topology?pipeline=&format=: what the pipelines are made of, or one of them; as `json`,
/// `mermaid` or `text`. 400 for another format or a parameter that is given twice, 404 for a
/// pipeline that is not there.
[[nodiscard]] http::response serve_topology(std::vector<named_topology> all,
                                            const http::request& request);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/http/topology_routes.ipp>
#endif
