#pragma once

#include <millrace/endpoint/detail/http/topology_routes.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string topologies_as_json(const std::vector<named_topology>& all) {
    std::string out;
    char separator = '[';
    for (const auto& each : all) {
        (out += std::exchange(separator, ',')) += R"({"pipeline":)";
        append_json_string(out, each.pipeline);
        out.append(",").append(each.made_of->json(), 1);
    }
    return out + (separator == '[' ? "[]\n" : "]\n");
}

MILLRACE_INLINE std::string topologies_as_mermaid(const std::vector<named_topology>& all) {
    std::string out = "flowchart LR\n";
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string id = std::to_string(i + 1).insert(0, 1, 'p');
        out.append("  subgraph ").append(id).append("[\"");
        append_label(out, all[i].pipeline);
        out += "\"]\n";
        append_mermaid(out, *all[i].made_of, id + "s");
        out += "  end\n";
    }
    return out;
}

MILLRACE_INLINE std::string topologies_as_text(const std::vector<named_topology>& all) {
    std::string out;
    for (const auto& each : all) {
        out += out.empty() ? "pipeline " : "\npipeline ";
        append_word(out, each.pipeline);
        out.append("\n").append(each.made_of->text());
    }
    return out;
}

MILLRACE_INLINE http::response serve_topology(std::vector<named_topology> all,
                                              const http::request& request) {
    for (const std::string_view name : {"pipeline", "format"})
        if (request.query_count(name) > 1) return http::error_response(400, "bad parameter", name);
    if (const auto wanted = request.query("pipeline")) {
        std::erase_if(all, [&](const auto& each) { return each.pipeline != *wanted; });
        if (all.empty()) return http::error_response(make_error_code(errc::not_found));
    }
    const std::string format = request.query("format").value_or("json");
    if (format == "json")
        return {.content_type = "application/json", .body = topologies_as_json(all)};
    const std::string text = "text/plain; charset=utf-8";
    if (format == "mermaid") return {.content_type = text, .body = topologies_as_mermaid(all)};
    if (format == "text") return {.content_type = text, .body = topologies_as_text(all)};
    return http::error_response(400, "bad parameter", "format");
}

}  // namespace millrace::detail
