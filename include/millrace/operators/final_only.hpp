#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>

namespace millrace {

namespace detail {

/// What comes late by its window's lateness is on time for what follows: time is told later there.
template <class Next>
struct final_node : forwarding_node<Next> {
    duration behind;

    final_node(duration lateness, Next n) : forwarding_node<Next>{std::move(n)}, behind{lateness} {}

    template <class Record>
    void push(const Record& row, event_stamp at) {
        if (row.is_final) this->next.push(row, {at.time, told(at.watermark)});
    }
    template <class Record>
    void update(const Record&, const Record& after, event_stamp at) {
        if (after.is_final)
            this->next.push(marked(after, change::insert), {at.time, told(at.watermark)});
    }
    void watermark(timestamp to, trigger why) { this->next.watermark(told(to), why); }
    template <class Key>
    void key_watermark(const Key& key, timestamp to, trigger why) {
        this->next.key_watermark(key, told(to), why);
    }
    template <class Record>
    void remove(const Record&, event_stamp) noexcept {}
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

private:
    [[nodiscard]] timestamp told(timestamp watermark) const noexcept {
        return watermark == timestamp::max() ? watermark : saturated_add(watermark, -behind);
    }
};

}  // namespace detail

struct final_only_stage : stage {
    static constexpr std::string_view stage_name = "final_only";
    using takes_updates = void;
    using is_by_key = void;

    template <class Stream>
    static consteval void require() {
        static_assert(is_record<typename Stream::event_type>,
                      "final_only needs: records, from a process before it "
                      "(see millrace/pipeline/process.hpp)");
        static_assert(!std::derived_from<typename Stream::changes_type, never_final>,
                      "final_only needs: records that say they are final; take without_final off "
                      "their window (see millrace/windows/windowing.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        auto out = in.template changing<append_only>();
        out.allowed_lateness = {};
        return out;
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream& in, Next next) const {
        return detail::final_node<Next>{in.allowed_lateness, std::move(next)};
    }
};

/// Lets through the last record of each key and window, when nothing can correct it any more: with
/// a `lateness`, so much later. Neither corrections nor what a window holds while its source is
/// idle pass, and what follows needs to take no corrections. It is told time so much later, too, so
/// that no record is late there.
[[nodiscard]] inline final_only_stage final_only() { return {}; }

}  // namespace millrace
