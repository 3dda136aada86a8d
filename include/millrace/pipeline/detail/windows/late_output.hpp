#pragma once

#include <concepts>

#include <millrace/core/schema.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// Where late events of a stream go by this policy: `f(const Event&)`.
template <class Stream, class Late, class Context>
[[nodiscard]] auto late_output([[maybe_unused]] const Stream& in, const Late& late,
                               [[maybe_unused]] Context& context) {
    using event = typename Stream::event_type;
    if constexpr (std::same_as<Late, late_to_topic>) {
        static_assert(described<event>,
                      "late_to(topic) needs: a millrace::schema of the stream's event "
                      "(see millrace/windows/windowing.hpp)");
        return context.template open<event>(late.topic, in.key);
    } else if constexpr (std::same_as<Late, drop_late_t> || std::same_as<Late, no_late_policy>) {
        return ignore_event{};
    } else {
        return late.function;
    }
}

}  // namespace millrace::detail
