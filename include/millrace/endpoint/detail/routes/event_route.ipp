#pragma once

#include <millrace/endpoint/detail/routes/event_route.hpp>

namespace millrace::detail {

MILLRACE_INLINE verdict event_route::admit(const connection& who) {
    auto said = admit_post(who);
    return said.error ? said : topic_route::admit(who);
}

MILLRACE_INLINE verdict event_route::admit_post(const connection& who) {
    if (!may_send(who)) return {errc::forbidden, "may not send"};
    return {};
}

}  // namespace millrace::detail
