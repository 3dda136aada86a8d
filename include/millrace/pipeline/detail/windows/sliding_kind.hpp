#pragma once

#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/windows/key_sliding_node.hpp>
#include <millrace/pipeline/detail/windows/sliding_node.hpp>
#include <millrace/pipeline/detail/windows/window_kind.hpp>
#include <millrace/windows/sliding.hpp>

namespace millrace::detail {

template <>
struct window_kind<sliding> {
    template <class Stream, class Analyzer>
    static consteval void require() {
        static_assert(mergeable<Analyzer>,
                      "sliding needs: an analyzer with void merge(const A&), since its windows are "
                      "made of parts (see millrace/analyzers/analyzer.hpp)");
        static_assert(!Stream::windowing_type::firing_type::has_early,
                      "sliding needs: no early trigger, for each event lies in many windows that "
                      "would fire; take a shorter slide (see millrace/windows/firing.hpp)");
    }

    template <class Analyzer, class Stream, class OnLate, class Next, class Context>
    [[nodiscard]] static auto make_node(const Stream& in, OnLate on_late, Next next,
                                        [[maybe_unused]] Context& context) {
        if constexpr (is_key_time<typename Stream::time_type>) {
            return key_sliding_node<Stream, Analyzer, OnLate, Next>{in, std::move(on_late),
                                                                    std::move(next)};
        } else {
            return sliding_node<Stream, Analyzer, OnLate, Next>{in, std::move(on_late),
                                                                std::move(next), context.pace()};
        }
    }
};

}  // namespace millrace::detail
