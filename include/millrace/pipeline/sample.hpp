#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/pipeline/detail/state/gate_node.hpp>
#include <millrace/pipeline/detail/state/gate_options.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

namespace detail {

/// How many events were left out since one went on.
struct sample_rule {
    struct state {
        std::uint64_t left_out = 0;
        bool is_known = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(left_out, is_known);
        }
    };

    std::uint64_t each;

    [[nodiscard]] bool is_over(const state&, timestamp) const noexcept { return false; }
    template <class Event>
    [[nodiscard]] bool admits(state& of, const Event&, event_stamp) const noexcept {
        return !of.is_known || ++of.left_out >= each;
    }
    template <class Event>
    void passed(state& of, const Event&, event_stamp) const noexcept {
        of = {0, true};
    }
};

}  // namespace detail

struct sample_stage : stage {
    static constexpr std::string_view stage_name = "sample";
    using is_by_key = void;

    std::uint64_t each;
    key_limits limits;

    sample_stage(std::uint64_t nth, const key_limits& keys) : each{nth}, limits{keys} {}

    template <class To>
    void describe(To& to) const {
        to.setting("each", each);
        limits.describe(to);
    }

    template <class Stream>
    static consteval void require() {}

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream& in, Next next) const {
        using key_by = typename Stream::key_by_type;
        return detail::gate_node<key_by, typename Stream::event_type, detail::sample_rule, Next>{
            in.key, detail::sample_rule{each}, limits, std::move(next)};
    }
};

/// Lets through the first event of each key, and then each so-many-th: `sample(10)` a tenth.
/// Options: `max_keys`, a million by default, and `evict_least_recent` (the default), where a key
/// that comes back begins anew, or `refuse_new_keys`.
/// @throws std::invalid_argument for 0
template <detail::key_option... Options>
[[nodiscard]] sample_stage sample(std::uint64_t each, const Options&... options) {
    detail::require_positive("each", each, "sample");
    return {each, detail::gate_limits("sample", options...)};
}

}  // namespace millrace
