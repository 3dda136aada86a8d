#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/journal/journal.hpp>
#include <millrace/operators/errors_to.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/detail/graph/running_state.hpp>
#include <millrace/pipeline/detail/graph/taken_records.hpp>
#include <millrace/pipeline/detect.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/running_source.hpp>
#include <millrace/pipeline/sink.hpp>
#include <millrace/pipeline/stage_stats.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/pipeline/union_of.hpp>

namespace millrace {

namespace detail {

/// Says where events go that are pushed to a pipeline of several sources.
struct several_sources {
    template <class State>
    explicit several_sources(State&) noexcept {}

    template <class... Arguments>
    void push(const Arguments&...) {
        static_assert(sizeof...(Arguments) > 99,
                      "push needs: one of the pipeline's sources, such as running.source<0>() (see "
                      "millrace/pipeline/run.hpp)");
    }
};

template <class State>
using own_source =
    std::conditional_t<State::source_count == 1, running_source<State, 0>, several_sources>;

}  // namespace detail

/// A pipeline at work, in the thread that calls it. It moves cheaply; its state stays in place.
/// What it calls, such as a sink, must not call it, but for counts and `stats`: that throws
/// std::logic_error, and changes nothing. So does every call once a state did not load.
///
/// One that has several sources is fed by these, see `running_source`:
///
///     auto running = start(union_of(from<trade>("nyse"), from<trade>("nasdaq")) | ..., sink);
///     auto [nyse, nasdaq] = running.sources();
///     nyse.push(event);
///
/// @tparam Clock what time it is: see millrace/core/clock.hpp
/// @tparam Journal where its input is kept: see millrace/journal/journal.hpp and `record_to`
template <class Pipeline, class Sink, clock Clock = system_clock, journal Journal = null_journal>
class running_pipeline
    : public detail::own_source<detail::running_state<Pipeline, Sink, Clock, Journal>> {
    using state = detail::running_state<Pipeline, Sink, Clock, Journal>;
    using base = detail::own_source<state>;
    using busy = typename state::busy;

public:
    static constexpr std::size_t source_count = state::source_count;

    /// @throws std::system_error when a storage does not open, std::invalid_argument where two
    /// sources have one name
    running_pipeline(const Pipeline& description, Sink sink, const Clock& clock = {},
                     Journal journal = {})
        : running_pipeline{
              std::make_unique<state>(description, std::move(sink), clock, std::move(journal))} {}

    /// A source, by its number: from left to right, as they stand in the description.
    template <std::size_t Index>
    [[nodiscard]] auto source() noexcept {
        static_assert(Index < source_count, "source needs: a number below source_count");
        return running_source<state, Index>{*state_};
    }

    /// All of them, as a tuple.
    [[nodiscard]] auto sources() noexcept {
        return [this]<std::size_t... All>(std::index_sequence<All...>) {
            return std::tuple{this->template source<All>()...};
        }
        (std::make_index_sequence<source_count>{});
    }

    /// Says that no event earlier than `watermark` will come, of any source.
    void advance(timestamp watermark) {
        const busy guard{*state_};
        detail::first_exception thrown;
        state_->for_each_source([&, number = std::size_t{0}](auto& each) mutable {
            state_->recording.advance(number++, watermark);
            state_->catch_up(thrown);
            thrown.guard([&] { each.root.advance(watermark); });
        });
        thrown.rethrow();
    }

    /// Looks whether the sources are idle, which one is when it is found so twice in a row, and
    /// then tells the stages that ask for it what time it is by the wall's clock, as `Clock` says:
    /// that is how far their time comes until the next call. To be called some times a second.
    /// Where windows that close in slices put something off, what is left is looked at first the
    /// next time.
    ///
    /// The wall's time never goes back: where its clock is set back, the time that there was goes
    /// on at its pace; where it is set forward, time follows. Readings are input: the same events
    /// and readings, in their order, give the same output.
    void tick() {
        const busy guard{*state_};
        detail::first_exception thrown;
        state_->catch_up(thrown);
        const std::size_t first = std::exchange(state_->next_look, 0);
        thrown.guard([&] {
            look(first, source_count + 1);
            look(0, first);
        });
        thrown.rethrow();
    }

    /// Opts in to windows that close a part at a time: at most so many until `resume`, and none
    /// while a storage that has `has_room()` says no. Then the pipeline is behind; whoever drives
    /// it should hold back its input and call `resume` from turn to turn. What is pushed all the
    /// same waits until everything has closed, so that results do not depend on it.
    /// Windows of `per_key` close at once all the same, and on an endpoint those of events that
    /// cannot be copied.
    /// @throws std::invalid_argument for 0 windows
    void close_in_slices(std::size_t windows) {
        detail::require_positive("windows", windows, "close_in_slices");
        const busy guard{*state_};
        state_->slice = windows;
        state_->begin_slice();
    }

    /// Whether windows wait that are due, or whoever works in other threads can take no more.
    [[nodiscard]] bool is_behind() const noexcept { return state_->pace.is_behind; }

    /// Whether what they wait for is a storage's room, or that of a section in other loops.
    [[nodiscard]] bool waits_for_room() const noexcept {
        return is_behind() && state_->pace.left != 0;
    }

    /// `f()` is called, from any thread, when something has come that the pipeline waits for from
    /// elsewhere, as an answer of an `async_enrich` or a result of a `parallel` section: then
    /// `resume` goes on with it. It is to post that to the pipeline's thread, must not call the
    /// pipeline itself, and takes no lock that is held while the pipeline is called. Another one
    /// takes its place, null none; once this has returned the one before is not called any more. An
    /// endpoint has one of its own.
    void on_ready(std::function<void()> f) { state_->driver->set(std::move(f)); }

    /// Closes the next windows, and goes on with what has come from elsewhere; true once nothing
    /// waits that could go on.
    bool resume() {
        const busy guard{*state_};
        state_->recording.flush();
        state_->begin_slice();
        return state_->go_on();
    }

    /// Closes every window and makes what the storages hold durable.
    /// @return the first storage's error whose rows are not durable; such rows stay with it and are
    /// tried again until it ends
    /// @throws what was thrown first on the way, once all else is done; called again, it gives the
    /// storages' error
    std::error_code finish() {
        const busy guard{*state_};
        detail::first_exception thrown;
        state_->recording.finish();
        state_->catch_up(thrown);
        state_->pace = {.waits_for_room = true};
        const std::error_code error = thrown.guard([this] { return state_->nodes.finish(); });
        state_->begin_slice();
        state_->recording.flush();
        thrown.rethrow();
        return error;
    }

    /// Why the journal keeps no more of what comes; no error while it does.
    [[nodiscard]] std::error_code recording_error() const noexcept {
        return state_->recording.error();
    }

    [[nodiscard]] pipeline_stats stats() const {
        state_->require_whole();
        pipeline_stats stats;
        state_->nodes.collect(stats);
        if (stats.watermark == timestamp::min()) stats.watermark = state_->nodes.watermark();
        return stats;
    }

    /// Likewise of each stage, in the order and by the names of `describe`.
    [[nodiscard]] std::vector<stage_stats> stages() const {
        state_->require_whole();
        detail::stage_collector stats;
        state_->nodes.collect(stats);
        return stats.take();
    }

    [[nodiscard]] Sink& sink() noexcept { return state_->sink; }

    /// All windows, analyzers and counts, for a pipeline of the same description: see `save` and
    /// `load`, which also refuses bytes left over.
    /// One that an archive did not load into (its `ok()` is false, or it threw) holds half of it
    /// and cannot be used: start another.
    /// @throws std::logic_error before the `end_batch` of a batch; what a consumer or timer throws
    /// of windows that were put off, which go on when it is called again
    template <class Archive>
    void archive(Archive& ar) {
        busy guard{*state_};
        state_->require_no_batch();
        state_->catch_up();
        state_->nodes.settle();
        guard.leave_broken(Archive::is_loading);
        // What the first held is not known here.
        ar.require(ar.version(state_version) == state_version);
        ar(*state_);
        guard.leave_broken(!ar.ok());
        if constexpr (Archive::is_loading) {
            const auto save_state = [this](output_archive& to) {
                to.version(state_version);
                to(*state_);
            };
            if (ar.ok()) state_->recording.loaded(save_state);
        }
    }

    /// As if what was loaded last had not loaded: for who finds that the archive was not that of
    /// this pipeline alone, as `load` does.
    void reject_loaded() {
        busy guard{*state_};
        guard.leave_broken(true);
    }

private:
    template <class>
    friend class replay_run;

    static constexpr std::uint8_t state_version = 2;

    explicit running_pipeline(std::unique_ptr<state> all) : base{*all}, state_{std::move(all)} {}

    /// A part of what `tick` does: for a replay.
    template <class Act>
    void do_again(Act&& act) {
        const busy guard{*state_};
        detail::first_exception thrown;
        state_->catch_up(thrown);
        thrown.guard([&] { act(*state_); });
        thrown.rethrow();
    }

    /// At those of these numbers: of sources, and behind them the clock's.
    void look(std::size_t begin, std::size_t end) {
        std::size_t number = 0;
        const auto each = [&](auto&& act) {
            const std::size_t here = number++;
            if (here < begin || here >= end || state_->next_look != 0) return;
            act(here);
            if (is_behind()) state_->next_look = here + 1;
        };
        state_->for_each_source([&](auto& source) {
            each([&](std::size_t here) {
                state_->recording.look(here);
                state_->look_at(source);
            });
        });
        each([&](std::size_t) { state_->tell_wall_time(); });
    }

    std::unique_ptr<state> state_;
};

/// Starts a pipeline that publishes to `sink`: a function `f(record)` or `f(topic, record)`, or a
/// `publish_sink`.
template <class Source, class... Stages, class Sink, clock Clock = system_clock,
          journal Journal = null_journal>
requires(!journal<Sink>)
    [[nodiscard]] auto start(pipeline<Source, Stages...> description, Sink sink, Clock clock = {},
                             Journal keep_in = {}) {
    using description_type = pipeline<Source, Stages...>;
    if constexpr (publish_sink<Sink>) {
        return running_pipeline<description_type, Sink, Clock, Journal>{
            description, std::move(sink), std::move(clock), std::move(keep_in)};
    } else {
        static_assert(detail::takes_some_records<Sink, description_type>(),
                      "start needs: a function of what the pipeline gives, f(record) or f(topic, "
                      "record), where const auto& takes records of any type; this one takes none "
                      "of them (see millrace/pipeline/sink.hpp)");
        using wrapped = detail::callable_sink<Sink>;
        return running_pipeline<description_type, wrapped, Clock, Journal>{
            description, wrapped{std::move(sink)}, std::move(clock), std::move(keep_in)};
    }
}

/// Likewise, with its input kept, see `record_to`.
template <class Source, class... Stages, class Sink, journal Journal>
[[nodiscard]] auto start(pipeline<Source, Stages...> description, Sink sink, Journal keep_in) {
    return start(std::move(description), std::move(sink), system_clock{}, std::move(keep_in));
}

/// Starts a pipeline whose results only its storages keep.
template <class Source, class... Stages, journal Journal = null_journal>
[[nodiscard]] auto start(pipeline<Source, Stages...> description, Journal keep_in = {}) {
    return start(std::move(description), detail::ignore_records{}, system_clock{},
                 std::move(keep_in));
}

}  // namespace millrace
