#pragma once

#include <millrace/endpoint/detail/routes/publisher.hpp>

namespace millrace::detail {

MILLRACE_INLINE overflow_policy topic_policies::of(std::string_view topic) const {
    const auto found = own.find(topic);
    return found != own.end() ? found->second : otherwise;
}

}  // namespace millrace::detail
