#pragma once

#include <millrace/endpoint/detail/http/api_routes.hpp>
#include <millrace/endpoint/detail/http/charged_text.hpp>
#include <millrace/publish/detail/history_request.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::vector<endpoint_snapshot::topic> snapshot_of(const publications& all) {
    std::vector<endpoint_snapshot::topic> topics;
    for (const auto& each : all) {
        for (const auto& t : each->topics) {
            endpoint_snapshot::topic now{t->name(), t->records(), t->subscribers()};
            if (const auto* stored = each->find_history(t->name())) now.storage = stored->stats();
            topics.push_back(std::move(now));
        }
    }
    return topics;
}

MILLRACE_INLINE void append_topic(std::string& out, const topic& each, bool is_followed,
                                  bool is_read) {
    out += R"({"name":)";
    append_json_string(out, each.name());
    if (is_followed) {
        out += R"(,"path":)";
        append_json_string(out, "/" + each.name());
    }
    if (!each.key_name().empty()) {
        out += R"(,"key":)";
        append_json_string(out, each.key_name());
    }
    out += is_read ? R"(,"history":true})" : R"(,"history":false})";
}

MILLRACE_INLINE void append_topics(std::string& out, const publications& all,
                                   const std::optional<std::string>& key, const http::caller& who,
                                   const endpoint_options& options) {
    const char* separator = "[";
    for (const auto& each : all) {
        for (const auto& t : each->topics) {
            const auto own_key = key ? t->canonical_key(*key) : std::nullopt;
            if (key && !own_key) continue;
            const auto is_allowed = [&](endpoint_action what) {
                return may(options, what, t->name(), own_key, who.principal);
            };
            const bool is_followed = is_allowed(endpoint_action::follow);
            const bool is_read =
                each->find_history(t->name()) != nullptr && is_allowed(endpoint_action::read);
            if (!is_followed && !is_read) continue;
            out += std::exchange(separator, ",");
            append_topic(out, *t, is_followed, is_read);
        }
    }
    out += *separator == '[' ? "[]" : "]";
}

MILLRACE_INLINE http::response list_topics(const publications& all, const http::request& request,
                                           const http::caller& who,
                                           const endpoint_options& options) {
    http::response answer{.content_type = "application/json"};
    append_topics(answer.body, all, request.query("key"), who, options);
    answer.body += '\n';
    return answer;
}

MILLRACE_INLINE http::response list_all(const publications& all, const http::request& request,
                                        const http::caller& who, bool has_metrics,
                                        const endpoint_options& options) {
    http::response answer{.content_type = "application/json", .body = R"({"topics":)"};
    append_topics(answer.body, all, request.query("key"), who, options);
    answer.body += R"(,"inputs":[)";
    const char* separator = "";
    for (const auto& published : all) {
        for (const auto& each : published->inputs) {
            if (each.paths.empty() ||
                !may(options, endpoint_action::send, each.name, std::nullopt, who.principal))
                continue;
            answer.body.append(std::exchange(separator, ",")).append(R"({"name":)");
            append_json_string(answer.body, each.name);
            const char* open = R"(,"paths":[)";
            for (const auto& path : each.paths) {
                answer.body += std::exchange(open, ",");
                append_json_string(answer.body, path);
            }
            answer.body += "]}";
        }
    }
    answer.body += R"(],"http":["/api/topics","/healthz","/readyz")";
    if (has_metrics && may_observe(options, request, who, "metrics"))
        answer.body += R"(,"/metrics")";
    if (may_observe(options, request, who, "topology")) answer.body += R"(,"/api/topology")";
    answer.body += "]}\n";
    return answer;
}

MILLRACE_INLINE void serve_history(const publications& all, std::string_view name,
                                   const http::request& request, const http::caller& who,
                                   const endpoint_options& options,
                                   const http::responder& respond) {
    const auto [found, stored] = find_topic(all, name);
    auto key = request.query("key");
    if (key && found != nullptr) key = found->canonical_key(*key).value_or(*key);
    if (!may(options, endpoint_action::read, name, key, who.principal))
        return respond(http::error_response(make_error_code(errc::forbidden)));
    if (stored == nullptr) return respond(http::error_response(make_error_code(errc::not_found)));
    const auto asked =
        parse({std::move(key), request.query("from"), request.query("to"), request.query("limit")},
              *found, {options.default_history_rows, options.max_history_rows});
    if (!asked.wrong.empty())
        return respond(http::error_response(400, "bad parameter", asked.wrong));
    const auto answer = [respond](std::error_code error, std::string body, const auto& charge) {
        // Not the request took too long, but the storage.
        if (error == errc::timed_out) error = errc::storage_locked;
        if (error) return respond(http::error_response(error));
        http::response given{.content_type = "application/json"};
        if (body.size() <= http::body_source::piece_bytes) {
            given.body = std::move(body);
        } else {
            given.source = std::make_shared<charged_text>(std::move(body), charge);
        }
        respond(std::move(given));
    };
    const auto ip = parse_ip(who.address);
    const std::string client =
        (ip ? to_string(counted_as(*ip, options.ipv6_prefix_bits)) : who.address) + '\n' +
        who.principal;
    stored->scan(client, options.max_history_rows_per_client, asked.query, answer);
}

}  // namespace millrace::detail
