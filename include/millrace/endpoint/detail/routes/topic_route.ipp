#pragma once

#include <millrace/endpoint/detail/routes/topic_route.hpp>

namespace millrace::detail {

MILLRACE_INLINE verdict topic_route::admit(const connection& who) {
    bool is_allowed = true, is_key = topics_.empty();
    for_each_followed(who, [&](topic& each, std::optional<std::string> key) {
        is_key = true;
        is_allowed = is_allowed &&
                     may(who.options(), endpoint_action::follow, each.name(), key, who.principal());
    });
    if (!is_key) return {errc::bad_request, "no topic of this path has such a key"};
    if (!is_allowed) return {errc::forbidden, "may not follow"};
    return {};
}

MILLRACE_INLINE void topic_route::on_open(connection& from) {
    for_each_followed(from, [&](topic& each, std::optional<std::string> key) {
        from.follow(each, std::move(key));
    });
}

}  // namespace millrace::detail
