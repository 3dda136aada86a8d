#pragma once

#include <millrace/endpoint/detail/routes/topic_route.hpp>

namespace millrace::detail {

MILLRACE_INLINE verdict topic_route::admit(const connection& who) {
    const auto asked = asked_for(who);
    if (asked.empty() && !topics_.empty())
        return {errc::bad_request, "no topic of this path has such a key"};
    for (const auto& each : asked)
        if (!may(who.options(), endpoint_action::follow, each.of->name(), each.key,
                 who.principal()))
            return {errc::forbidden, "may not follow"};
    return {};
}

MILLRACE_INLINE void topic_route::on_open(connection& from) {
    for (auto& each : asked_for(from)) from.follow(*each.of, std::move(each.key));
}

}  // namespace millrace::detail
