#pragma once

#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/pipeline/detail/windows/count_node.hpp>
#include <millrace/pipeline/detail/windows/window_kind.hpp>
#include <millrace/windows/by_count.hpp>

namespace millrace::detail {

template <window_by_count Window>
struct window_kind<Window> {
    template <class Stream, class Analyzer>
    static consteval void require() {
        static_assert(std::same_as<Window, tumbling_count> || mergeable<Analyzer>,
                      "sliding_count needs: an analyzer with void merge(const A&), since its "
                      "windows are made of parts (see millrace/analyzers/analyzer.hpp)");
    }

    template <class Analyzer, class Stream, class OnLate, class Next, class Context>
    [[nodiscard]] static auto make_node(const Stream& in, const OnLate&, Next next, Context&) {
        return count_node<Stream, Analyzer, Next>{in, std::move(next)};
    }
};

}  // namespace millrace::detail
