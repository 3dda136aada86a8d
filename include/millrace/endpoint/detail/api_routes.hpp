#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/json_string.hpp>
#include <millrace/endpoint/detail/history.hpp>
#include <millrace/endpoint/detail/publisher.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>

namespace millrace::detail {

using publications = std::vector<std::shared_ptr<publication>>;

/// The storage of a topic's records, or null.
[[nodiscard]] inline history* find_history(const publication& in, std::string_view topic) noexcept {
    for (const auto& each : in.histories)
        if (each.topic == topic) return each.records.get();
    return nullptr;
}

/// All topics, for /metrics.
[[nodiscard]] inline std::vector<endpoint_snapshot::topic> snapshot_of(const publications& all) {
    std::vector<endpoint_snapshot::topic> topics;
    for (const auto& each : all) {
        for (const auto& t : each->topics) {
            endpoint_snapshot::topic now{t->name(), t->records(), t->subscribers()};
            if (const auto* stored = find_history(*each, t->name())) now.storage = stored->stats();
            topics.push_back(std::move(now));
        }
    }
    return topics;
}

/// GET /api/topics: [{"name":"bars","path":"/bars","key":"symbol","history":true}, ...]
[[nodiscard]] inline http::response list_topics(const publications& all) {
    http::response answer{.content_type = "application/json", .body = "["};
    for (const auto& each : all) {
        for (const auto& t : each->topics) {
            if (answer.body.size() > 1) answer.body += ',';
            answer.body += R"({"name":)";
            append_json_string(answer.body, t->name());
            answer.body += R"(,"path":)";
            append_json_string(answer.body, "/" + t->name());
            if (!t->key_name().empty()) {
                answer.body += R"(,"key":)";
                append_json_string(answer.body, t->key_name());
            }
            const bool is_stored = find_history(*each, t->name()) != nullptr;
            answer.body += is_stored ? R"(,"history":true})" : R"(,"history":false})";
        }
    }
    answer.body += "]\n";
    return answer;
}

/// GET /api/topics/NAME?key=&from=&to=&limit=: stored records as a JSON array, oldest first. 404
/// for an unknown topic or one that is not stored, 400 naming a parameter that is wrong.
inline void serve_history(const publications& all, std::string_view name,
                          const http::request& request, const endpoint_options& options,
                          const http::responder& respond) {
    for (const auto& each : all) {
        auto* const stored = find_history(*each, name);
        const auto published = std::find_if(each->topics.begin(), each->topics.end(),
                                            [&](const auto& t) { return t->name() == name; });
        if (stored == nullptr || published == each->topics.end()) continue;
        const auto asked = parse_history_request(request, **published, options);
        if (!asked.wrong.empty())
            return respond(http::error_response(400, "bad parameter", asked.wrong));
        return stored->scan(asked.query, [respond](std::error_code error, std::string body) {
            // Not the request took too long, but the storage.
            if (error == errc::timed_out) error = errc::storage_locked;
            if (error) return respond(http::error_response(error));
            respond({.content_type = "application/json", .body = std::move(body)});
        });
    }
    respond(http::error_response(make_error_code(errc::not_found)));
}

}  // namespace millrace::detail
