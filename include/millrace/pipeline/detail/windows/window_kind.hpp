#pragma once

#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/windows/key_window_node.hpp>
#include <millrace/pipeline/detail/windows/window_node.hpp>

namespace millrace::detail {

/// What records say of their window.
template <class Stream>
struct bounds_of_windows {
    using type = window_bounds;
};
template <class Stream>
requires requires { typename Stream::windowing_type::window_type::bounds_type; }
struct bounds_of_windows<Stream> {
    using type = typename Stream::windowing_type::window_type::bounds_type;
};

/// The node that runs windows of a kind: those that an assigner gives; another kind has a
/// specialization of its own.
template <class Window>
struct window_kind {
    /// Stops the compiler where the analyzer does not fit the kind.
    template <class Stream, class Analyzer>
    static consteval void require() {}

    template <class Analyzer, class Stream, class OnLate, class Next, class Context>
    [[nodiscard]] static auto make_node(const Stream& in, OnLate on_late, Next next,
                                        [[maybe_unused]] Context& context) {
        if constexpr (is_key_time<typename Stream::time_type>) {
            return key_window_node<Stream, Analyzer, OnLate, Next>{in, std::move(on_late),
                                                                   std::move(next)};
        } else {
            return window_node<Stream, Analyzer, OnLate, Next>{
                in, std::move(on_late), std::move(next), context.pace(), context.failed()};
        }
    }
};

}  // namespace millrace::detail
