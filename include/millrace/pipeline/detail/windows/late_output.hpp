#pragma once

#include <concepts>

#include <millrace/core/schema.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// Where the late events of a windowed stream go: `f(const Event&)`.
template <class Event, class Stream, class Context>
[[nodiscard]] auto late_output(const Stream& in, Context& context) {
    using policy = typename Stream::windowing_type::late_policy;
    if constexpr (std::same_as<policy, late_to_topic>) {
        static_assert(described<Event>,
                      "late_to(topic) needs: a millrace::schema of the stream's event "
                      "(see millrace/windows/windowing.hpp)");
        return context.template open<Event>(in.windowing.late.topic, in.key);
    } else if constexpr (std::same_as<policy, drop_late_t> ||
                         std::same_as<policy, no_late_policy>) {
        return ignore_event{};
    } else {
        return in.windowing.late.function;
    }
}

}  // namespace millrace::detail
