#pragma once

#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>
#include <millrace/pipeline/detail/windows/key_session_node.hpp>
#include <millrace/pipeline/detail/windows/session_node.hpp>
#include <millrace/pipeline/detail/windows/window_kind.hpp>
#include <millrace/windows/session.hpp>

namespace millrace::detail {

template <>
struct window_kind<millrace::session> {
    template <class Stream, class Analyzer>
    static consteval void require() {
        static_assert(mergeable<Analyzer>,
                      "session needs: an analyzer with void merge(const A&) "
                      "(see millrace/analyzers/analyzer.hpp)");
        static_assert(!Stream::is_updating,
                      "session needs: events that are not corrected; put final_only() before it "
                      "(see millrace/operators/final_only.hpp)");
        using firing = typename Stream::windowing_type::firing_type;
        static_assert(!firing::has_late,
                      "session needs: no late trigger, for what a late event joins is told at once "
                      "(see millrace/windows/firing.hpp)");
        static_assert(can_merge_triggers<decltype(firing::early)>,
                      "session needs: triggers with void merge(state&, const state&) const, for "
                      "when two sessions become one (see millrace/windows/trigger.hpp)");
    }

    template <class Analyzer, class Stream, class OnLate, class Next, class Context>
    [[nodiscard]] static auto make_node(const Stream& in, OnLate on_late, Next next,
                                        [[maybe_unused]] Context& context) {
        if constexpr (is_key_time<typename Stream::time_type>) {
            return key_session_node<Stream, Analyzer, OnLate, Next>{in, std::move(on_late),
                                                                    std::move(next)};
        } else {
            return session_node<Stream, Analyzer, OnLate, Next>{in, std::move(on_late),
                                                                std::move(next), context.pace()};
        }
    }
};

}  // namespace millrace::detail
