#pragma once

#include <tuple>
#include <utility>

#include <millrace/core/stage.hpp>

namespace millrace {

/// Stages joined by `|`, not yet put on a stream: a branch of a tee, or a part to use again.
template <pipeline_stage... Stages>
struct chain : stage {
    using is_chain = void;

    std::tuple<Stages...> stages;

    explicit chain(std::tuple<Stages...> all) : stages{std::move(all)} {}

    /// Checks each stage against what reaches it.
    template <class Stream, template <class, class> class Step>
    static consteval void require_all() {
        require_from<Stream, Step, Stages...>();
    }

private:
    template <class Stream, template <class, class> class Step, class First, class... Rest>
    static consteval void require_from() {
        Step<First, Stream>::require();
        if constexpr (sizeof...(Rest) > 0) {
            require_from<typename Step<First, Stream>::output, Step, Rest...>();
        }
    }
};

namespace detail {

template <pipeline_stage Stage>
[[nodiscard]] auto stages_of(Stage only) {
    if constexpr (requires { typename Stage::is_chain; }) {
        return std::move(only.stages);
    } else {
        return std::tuple<Stage>{std::move(only)};
    }
}

template <class... Stages>
[[nodiscard]] chain<Stages...> make_chain(std::tuple<Stages...> all) {
    return chain<Stages...>{std::move(all)};
}

}  // namespace detail

template <pipeline_stage Left, pipeline_stage Right>
[[nodiscard]] auto operator|(Left left, Right right) {
    return detail::make_chain(
        std::tuple_cat(detail::stages_of(std::move(left)), detail::stages_of(std::move(right))));
}

}  // namespace millrace
