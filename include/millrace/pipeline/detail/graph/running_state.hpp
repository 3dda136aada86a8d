#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/build.hpp>
#include <millrace/pipeline/detail/graph/failed_events.hpp>
#include <millrace/pipeline/detail/graph/graph.hpp>
#include <millrace/pipeline/detail/graph/wake_up.hpp>
#include <millrace/pipeline/detail/recording/held_clock.hpp>
#include <millrace/pipeline/detail/recording/recorder.hpp>
#include <millrace/pipeline/detail/sources/wall_reading.hpp>

namespace millrace::detail {

/// All that a running pipeline is made of, for those who drive it: as a whole, or one of its
/// sources. It stays where it is made.
template <class Pipeline, class Sink, class Clock, class Journal>
class running_state {
    using recorder_type = recorder<Journal, Clock>;

public:
    using clock_type = typename recorder_type::clock_type;
    using graph_type = graph<Pipeline, open_end, std::tuple<>, Sink, clock_type>;
    static constexpr std::size_t source_count = graph_type::source_count;
    template <std::size_t Index>
    using source_type =
        std::remove_reference_t<decltype(std::declval<graph_type&>().template source<Index>())>;

    /// @throws std::invalid_argument where two sources have one name
    running_state(const Pipeline& description, Sink to, const Clock& clock, Journal journal)
        : recording{std::move(journal), clock},
          sink{std::move(to)},
          nodes(make_graph(description, recording.stage_clock())) {
        std::set<std::string_view> names;
        for_each_source([&](const auto& each) {
            if (!names.insert(each.name).second)
                throw std::invalid_argument{"millrace: two sources of a pipeline have the name \"" +
                                            each.name + "\""};
        });
        recording.begin(*this);
        tell_time();
    }
    running_state(const running_state&) = delete;
    running_state& operator=(const running_state&) = delete;
    ~running_state() { driver->set(nullptr); }

    /// Calls `f(source)` for each, in their order.
    template <class Function>
    void for_each_source(Function&& f) {
        [&]<std::size_t... All>(std::index_sequence<All...>) {
            (f(nodes.template source<All>()), ...);
        }
        (std::make_index_sequence<source_count>{});
    }

    /// While one lives, the pipeline has an event in hand.
    class busy {
    public:
        explicit busy(running_state& of) : refusal_{of.refusal_} {
            of.require_ready();
            refusal_ = calls_itself;
        }
        busy(const busy&) = delete;
        busy& operator=(const busy&) = delete;
        ~busy() { refusal_ = behind_; }

        /// Whether the pipeline holds half of what was loaded, and takes no call from now on.
        void leave_broken(bool is_broken) noexcept { behind_ = is_broken ? half_loaded : nullptr; }

    private:
        const char*& refusal_;
        const char* behind_ = nullptr;
    };

    /// While one lives, a message is being decoded, whose events lie in the decoder.
    class decoding {
    public:
        explicit decoding(running_state& of) : flag_{of.is_decoding_} {
            of.require_ready();
            if (flag_) throw std::logic_error{calls_itself};
            flag_ = true;
        }
        decoding(const decoding&) = delete;
        decoding& operator=(const decoding&) = delete;
        ~decoding() { flag_ = false; }

    private:
        bool& flag_;
    };

    /// What waits in a batch is in no archive.
    void require_no_batch() {
        for_each_source([](const auto& each) {
            if (each.is_in_batch)
                throw std::logic_error{
                    "millrace: a pipeline is not saved or loaded before end_batch"};
        });
    }

    /// For those who only read, which a sink may.
    void require_whole() const {
        if (refusal_ == half_loaded) throw std::logic_error{half_loaded};
    }

    /// Whether a source is idle. Where time stands still it is read at one place, for a replay to
    /// read it there, too.
    template <class Source>
    void look_at(Source& each) {
        each.root.look();
        read_held_time(each);
    }
    template <class Source>
    static void read_held_time(Source& each) {
        if constexpr (std::same_as<clock_type, held_time>)
            static_cast<void>(each.root.time_limits().now());
    }

    /// Tells what time it is by the wall's clock, where somebody wants to know.
    void tell_wall_time() {
        recording.wall_time();
        tell_time();
    }
    void tell_time() {
        if constexpr (graph_type::wants_wall_time)
            nodes.wall_time(wall_.next(recording.stage_clock()));
    }

    void begin_slice() noexcept {
        const bool is_sliced = slice != closing_pace::unlimited;
        pace = {slice, is_sliced, pace.is_behind};
    }

    /// Where it throws, some may wait still.
    bool go_on() {
        const bool has_news = driver->take_news();
        if (!std::exchange(pace.is_behind, false) && !has_news) return true;
        try {
            return nodes.resume() || !pace.is_behind;
        } catch (...) {
            pace.is_behind = true;
            throw;
        }
    }

    void catch_up() {
        if (!pace.is_behind) return;
        pace = {.waits_for_room = true, .is_behind = true};
        while (!go_on()) {
            nodes.flush();
            pace = {.waits_for_room = nodes.has_room(), .is_behind = true};
        }
        begin_slice();
    }
    /// Likewise, whatever is thrown. What threw has gone, so that this comes to an end.
    void catch_up(first_exception& thrown) noexcept {
        while (pace.is_behind) thrown.guard([this] { catch_up(); });
    }

    /// Of the events that failed those stay known that may wait: other sources have open batches.
    void forget_failed() noexcept {
        if (failed.empty()) return;
        std::uint64_t first = failed.in_hand() + 1;
        for_each_source([&](const auto& each) {
            if (each.is_in_batch) first = std::min(first, each.first_in_batch);
        });
        failed.forget_before(first);
    }

    [[no_unique_address]] recorder_type recording;
    Sink sink;
    closing_pace pace{};
    failed_events failed;
    std::shared_ptr<wake_up> driver = std::make_shared<wake_up>();
    std::size_t slice = closing_pace::unlimited;
    graph_type nodes;
    std::size_t next_look = 0;  ///< the source that is looked at first, or behind them the clock

    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (graph_type::wants_wall_time) ar(wall_);
        ar(nodes);
    }

private:
    graph_type make_graph(const Pipeline& description, const clock_type& clock) {
        build_context<Sink> context{sink, pace, failed, driver};
        return graph_type{description, open_end{}, std::tuple<>{}, context, clock, 0};
    }

    static constexpr const char* calls_itself =
        "millrace: a sink or handler calls the pipeline that calls it; give the event to another "
        "pipeline, or push it later";
    static constexpr const char* half_loaded =
        "millrace: the state of this pipeline could not be loaded; start another";

    void require_ready() const {
        if (refusal_ != nullptr) [[unlikely]]
            throw std::logic_error{refusal_};
    }

    wall_reading wall_;
    const char* refusal_ = nullptr;  ///< why it takes no call now
    bool is_decoding_ = false;
};

}  // namespace millrace::detail
