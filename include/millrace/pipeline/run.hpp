#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/clock.hpp>
#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/error.hpp>
#include <millrace/pipeline/build.hpp>
#include <millrace/pipeline/detect.hpp>
#include <millrace/pipeline/event_check.hpp>
#include <millrace/pipeline/final_only.hpp>
#include <millrace/pipeline/key_source.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/sink.hpp>
#include <millrace/pipeline/source.hpp>
#include <millrace/pipeline/stage_stats.hpp>
#include <millrace/pipeline/store.hpp>

namespace millrace {

/// A pipeline at work, in the thread that calls it. It moves cheaply; its state stays in place.
/// What it calls, such as a sink, must not call it: that throws std::logic_error.
///
/// @tparam Clock what time it is: see millrace/core/clock.hpp
template <class Pipeline, class Sink, clock Clock = system_clock>
class running_pipeline {
    using event = typename Pipeline::event_type;

    static auto keys_of(const Pipeline& description) {
        return std::tuple_cat(
            detail::source_keys(description.source.timing, description.source.time),
            detail::leading_keys(description.stages));
    }

public:
    using event_type = event;
    /// Whether it matters whose an event is.
    static constexpr bool has_producers =
        std::same_as<typename decltype(Pipeline::source)::timing_type, by_producer>;
    using decoder_type = typename Pipeline::codec_type::template decoder<event>;
    using event_check_type =
        detail::event_check<decltype(keys_of(std::declval<const Pipeline&>())), Clock>;

    /// @throws std::system_error when a storage does not open.
    running_pipeline(Pipeline description, Sink sink, Clock clock = {})
        : state_{std::make_unique<state>(std::move(description), std::move(sink), clock)} {}

    /// The name given to `from`.
    [[nodiscard]] std::string_view input() const noexcept { return state_->input; }

    /// Takes one event in. Results reach the sink before it returns, but for those of windows that
    /// close in slices: see `close_in_slices`.
    /// `producer` is who it is of, for a source `by_producer`.
    /// @return `errc::too_far_ahead` or `errc::key_too_long` where the source refuses it (see
    /// millrace/pipeline/source_time.hpp), which is counted
    errc push(const event& one, std::uint64_t producer = 0) {
        begin_batch();
        return push_next(one, producer);
    }

    /// What `push_next` takes from now on came together: the clock is read once for it at most.
    void begin_batch() noexcept { state_->root.begin_batch(); }

    /// As `push`, of the batch that was begun.
    errc push_next(const event& one, std::uint64_t producer = 0) {
        const busy guard{state_->is_busy};
        if (is_behind()) [[unlikely]]
            catch_up();
        ++state_->events;  // also one at which it throws
        const errc refused = state_->root.push(one, producer);
        if (refused != errc{}) {
            --state_->events;
            reject(1);
        }
        return refused;
    }

    /// Nothing more comes of the producer for now.
    void leave(std::uint64_t producer) {
        const busy guard{state_->is_busy};
        catch_up();
        state_->root.leave(producer);
    }

    /// Decodes a message (a JSON object, an array of them, or lines of them) and takes its events
    /// in; `on_error(const input_error&)` for each that is refused. The message is decoded in
    /// place: its bytes change, and the byte behind it must be writable. Returns how many events
    /// it took in.
    template <class OnError>
    std::uint64_t receive(std::span<char> message, OnError&& on_error, std::uint64_t producer = 0) {
        const std::uint64_t before = state_->events;
        begin_batch();
        const auto take = [&](const event& one) { return push_next(one, producer); };
        decode(message, take, on_error);
        return state_->events - before;
    }

    /// Likewise, but calls `take(const event_type&)` for each event that is not refused, instead of
    /// taking it in; what that refuses and counts by itself, such as `push_next`, is told as well.
    template <class Take, class OnError>
    void decode(std::span<char> message, Take&& take, OnError&& on_error) {
        detail::decode_checked(
            state_->decode, state_->check, message, take, [this] { reject(1); }, on_error);
    }

    /// For those who decode elsewhere: a function object, a copy for their thread, that says of an
    /// event whether it may be pushed.
    [[nodiscard]] event_check_type event_check() const { return state_->check; }

    /// What a decoder of its messages is made with, for those who decode elsewhere and `push`.
    [[nodiscard]] const codec_limits& limits() const noexcept { return state_->limits; }

    /// Counts events that were refused elsewhere.
    void reject(std::uint64_t events) noexcept { state_->rejected += events; }

    /// Says that no event earlier than `watermark` will come.
    void advance(timestamp watermark) {
        const busy guard{state_->is_busy};
        catch_up();
        state_->root.advance(watermark);
    }

    /// Looks whether the source is idle, which it is when it is found so twice in a row; to be
    /// called some times a second.
    void tick() {
        const busy guard{state_->is_busy};
        catch_up();
        state_->root.look();
    }

    /// Opts in to windows that close a part at a time: at most so many until `resume`, and none
    /// while a storage that has `has_room()` says no. Then the pipeline is behind; whoever drives
    /// it should hold back its input and call `resume` from turn to turn. What is pushed all the
    /// same waits until everything has closed, so that results do not depend on it.
    /// Windows of `per_key` close at once all the same, and on an endpoint those of events that
    /// cannot be copied.
    /// @throws std::invalid_argument for 0 windows
    void close_in_slices(std::size_t windows) {
        if (windows == 0) throw std::invalid_argument{"close_in_slices: 0 windows"};
        state_->slice = windows;
        begin_slice();
    }

    /// Whether windows wait that are due.
    [[nodiscard]] bool is_behind() const noexcept { return state_->pace.is_behind; }

    /// Whether what they wait for is a storage's room.
    [[nodiscard]] bool waits_for_room() const noexcept {
        return is_behind() && state_->pace.left != 0;
    }

    /// Closes the next windows; true once none waits.
    bool resume() {
        const busy guard{state_->is_busy};
        begin_slice();
        return go_on();
    }

    /// Closes every window and makes what the storages hold durable.
    /// @return the first storage's error whose rows are not durable; such rows stay with it and are
    /// tried again until it ends
    std::error_code finish() {
        const busy guard{state_->is_busy};
        catch_up();
        state_->pace = {.waits_for_room = true};
        const std::error_code error = state_->root.next().finish();
        begin_slice();
        return error;
    }

    [[nodiscard]] pipeline_stats stats() const {
        pipeline_stats stats;
        stats.events = state_->events;
        stats.rejected = state_->rejected;
        state_->root.next().collect(stats);
        pipeline_stats source;
        state_->root.collect_own(source);
        stats.state_bytes += source.state_bytes;
        return stats;
    }

    /// Likewise of each stage, in the order and by the names of `describe`.
    [[nodiscard]] std::vector<stage_stats> stages() const {
        detail::stage_collector stats;
        stats.enter({1, 0, detail::name_of_stage<decltype(Pipeline::source)>(), true},
                    state_->events + state_->rejected);
        state_->root.collect_own(stats);
        stats.refused_keys = state_->rejected;
        state_->root.next().collect(stats);
        return stats.take();
    }

    [[nodiscard]] Sink& sink() noexcept { return state_->sink; }

    /// All windows, analyzers and counts, for a pipeline of the same description.
    template <class Archive>
    void archive(Archive& ar) {
        catch_up();
        ar.version(1);
        ar(state_->events, state_->rejected, state_->root);
    }

private:
    /// While one lives, the pipeline has an event in hand.
    class busy {
    public:
        explicit busy(bool& flag) : flag_{flag} {
            if (flag_)
                throw std::logic_error{
                    "millrace: a sink or handler calls the pipeline that calls it; give the event "
                    "to "
                    "another pipeline, or push it later"};
            flag_ = true;
        }
        busy(const busy&) = delete;
        busy& operator=(const busy&) = delete;
        ~busy() { flag_ = false; }

    private:
        bool& flag_;
    };

    void begin_slice() noexcept {
        const bool is_sliced = state_->slice != detail::closing_pace::unlimited;
        state_->pace = {state_->slice, is_sliced, state_->pace.is_behind};
    }

    bool go_on() {
        if (std::exchange(state_->pace.is_behind, false) && state_->root.next().resume())
            return true;
        return !state_->pace.is_behind;
    }

    void catch_up() {
        if (!is_behind()) return;
        state_->pace = {.waits_for_room = true, .is_behind = true};
        while (!go_on()) {
            state_->root.next().flush();
            state_->pace.waits_for_room = state_->root.next().has_room();
        }
        begin_slice();
    }

    using graph = decltype(std::declval<detail::build_context<Sink>&>().build(
        std::declval<const typename Pipeline::input_stream&>(),
        std::declval<const decltype(Pipeline::stages)&>()));

    struct state {
        state(Pipeline description, Sink to, const Clock& clock)
            : input{description.source.name},
              sink{std::move(to)},
              limits{description.source.limits},
              decode{limits},
              check{keys_of(description), detail::present<Clock>{description.source.time, clock}},
              root{description.source.time, description.source.timing, clock,
                   detail::build_context<Sink>{sink, pace}.build(description.source.output(),
                                                                 description.stages)} {}

        std::string input;
        Sink sink;
        codec_limits limits;
        decoder_type decode;
        event_check_type check;
        detail::closing_pace pace{};
        std::size_t slice = detail::closing_pace::unlimited;
        detail::source_node<event, typename decltype(Pipeline::source)::timing_type, Clock, graph>
            root;
        std::uint64_t events = 0;
        std::uint64_t rejected = 0;
        bool is_busy = false;
    };

    std::unique_ptr<state> state_;
};

/// Starts a pipeline that publishes to `sink`: a function `f(record)` or `f(topic, record)`, or a
/// `publish_sink`.
template <class Source, class... Stages, class Sink, clock Clock = system_clock>
[[nodiscard]] auto start(pipeline<Source, Stages...> description, Sink sink, Clock clock = {}) {
    using description_type = pipeline<Source, Stages...>;
    if constexpr (publish_sink<Sink>) {
        return running_pipeline<description_type, Sink, Clock>{std::move(description),
                                                               std::move(sink), std::move(clock)};
    } else {
        using wrapped = detail::callable_sink<Sink>;
        return running_pipeline<description_type, wrapped, Clock>{
            std::move(description), wrapped{std::move(sink)}, std::move(clock)};
    }
}

/// Starts a pipeline whose results only its storages keep.
template <class Source, class... Stages>
[[nodiscard]] auto start(pipeline<Source, Stages...> description) {
    return start(std::move(description), detail::ignore_records{});
}

}  // namespace millrace
