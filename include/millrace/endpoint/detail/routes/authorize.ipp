#pragma once

#include <millrace/endpoint/detail/routes/authorize.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string in_words(endpoint_action what, std::string_view topic) {
    const std::string name{topic};
    switch (what) {
        case endpoint_action::follow: return "follow /" + name;
        case endpoint_action::read: return "read /api/topics/" + name;
        case endpoint_action::send: return "send to /" + name;
        case endpoint_action::observe:
            return topic == "metrics" ? "observe /metrics" : "observe /api/" + name;
    }
    return name;
}

MILLRACE_INLINE bool may(const endpoint_options& options, endpoint_action what,
                         std::string_view topic, const std::optional<std::string>& key,
                         std::string_view principal) {
    if (!options.may) return true;
    try {
        return options.may(what, topic, key, principal);
    } catch (const std::exception& e) {
        throw std::runtime_error("may, asked to " + in_words(what, topic) + ": " + e.what());
    } catch (...) {
        throw std::runtime_error("may, asked to " + in_words(what, topic) +
                                 ": what it threw is no std::exception");
    }
}

MILLRACE_INLINE bool is_forwarded(const http::request& request) noexcept {
    constexpr std::array<std::string_view, 6> marks{"Forwarded",        "X-Forwarded-For",
                                                    "X-Forwarded-Host", "X-Forwarded-Proto",
                                                    "X-Real-IP",        "Via"};
    return std::any_of(marks.begin(), marks.end(),
                       [&](std::string_view each) { return request.has_header(each); });
}

MILLRACE_INLINE bool is_local(std::string_view peer) {
    static const address_list loopback{"127.0.0.0/8", "::1"};
    return peer == "unix" || peer == "memory" || loopback.contains(peer);
}

MILLRACE_INLINE bool may_observe(const endpoint_options& options, const http::request& request,
                                 const http::caller& who, std::string_view what) {
    if (options.may)
        return may(options, endpoint_action::observe, what, std::nullopt, who.principal);
    if (options.has_open_metrics && what == "metrics") return true;
    if (is_forwarded(request))
        return who.address != who.peer && options.trusted_addresses.contains(who.address);
    return is_local(who.peer) || options.trusted_addresses.contains(who.peer);
}

}  // namespace millrace::detail
