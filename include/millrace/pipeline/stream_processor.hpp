#pragma once

#include <memory>
#include <string_view>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/pipeline/own_time_windows.hpp>
#include <millrace/pipeline/running_state.hpp>
#include <millrace/pipeline/shared_time_windows.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/storage/storage.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace {

namespace detail {

template <class Key, class Analyzer, class Windowing>
struct processor_state {
    using type = shared_time_windows<Key, Analyzer, Windowing>;
};
template <class Key, class Analyzer, class Window, class Late>
struct processor_state<Key, Analyzer, windowing<Window, Late, true>> {
    using type = own_time_windows<Key, Analyzer, windowing<Window, Late, true>>;
};
template <class Key, class Analyzer>
struct processor_state<Key, Analyzer, unwindowed> {
    using type = running_state<Key, Analyzer>;
};

}  // namespace detail

/// Folds a stream of `Event` into an `Analyzer` for each key and window, appends every result to
/// the `Storage` and hands it on.
///
/// Used through `process<Analyzer, Storage>` in a pipeline, or by itself:
///
///     auto by_symbol = key_by(&trade::symbol);
///     auto by_second = window(tumbling{1s}, drop_late);
///     stream_processor<trade, ohlc<&trade::price, &trade::size>, memory_storage,
///                      decltype(by_symbol), decltype(by_second)>
///         bars{by_symbol, by_second, {.capacity = 1000}, "bars"};
///     bars.push(event, [](const auto& bar) { ... });
///
/// Without a window each event gives a record. An event costs one hash look-up and the analyzer's
/// update; it allocates and calls through a pointer only when it opens a window or a key.
template <class Event, class Analyzer, template <class> class Storage = null_storage,
          class KeyBy = unkeyed, class Windowing = unwindowed>
class stream_processor {
    using state_type =
        typename detail::processor_state<key_of<KeyBy, Event>, Analyzer, Windowing>::type;

public:
    using event_type = Event;
    using analyzer_type = Analyzer;
    using key_type = key_of<KeyBy, Event>;
    using record_type = record<key_type, result_of<Analyzer>>;
    using storage_type = Storage<record_type>;

    /// Whether `watermark()` is a promise for every key.
    static constexpr bool has_shared_time = state_type::has_shared_time;

    /// @throws std::system_error when the storage does not open; std::invalid_argument when the
    /// key has the name of another field of the records.
    explicit stream_processor(KeyBy key = {}, const Windowing& windowing = {},
                              typename storage_type::options options = {},
                              std::string_view topic = "results")
        : key_{std::move(key)},
          state_{windowing},
          storage_{detail::open_storage<storage_type, record_type>(std::move(options), topic,
                                                                   key_.name)} {
        require_analyzer<Analyzer, Event>();
    }

    /// Takes one event in; calls `emit(record)` for each result that it brings about, and
    /// `on_late(event)` when it is later than the allowed lateness.
    template <class Emit, class OnLate = detail::ignore_event>
    void push(const Event& event, Emit&& emit, OnLate&& on_late = {}) {
        auto keep = keep_and(emit);
        state_.push(project(key_.projection, event), detail::time_or_epoch(event), event, keep,
                    on_late);
    }

    /// Says that no event earlier than `watermark` will come: closes the windows that end by then.
    template <class Emit>
    void advance(timestamp watermark, trigger why, Emit&& emit) {
        auto keep = keep_and(emit);
        state_.advance(watermark, why, keep);
    }

    /// Where `emit` has `bool may_close()`, it is asked before each window whose end has come, and
    /// the others wait once it says no. Then this goes on, and nothing else may be called before
    /// it gives true, which is that none waits any more.
    template <class Emit>
    bool resume(Emit&& emit) {
        auto keep = keep_and(emit);
        return state_.resume(keep);
    }
    [[nodiscard]] bool is_behind() const noexcept { return state_.is_behind(); }

    /// Tells the wall's time, for the idle timeout.
    template <class Emit>
    void tick(timestamp wall, Emit&& emit) {
        auto keep = keep_and(emit);
        state_.tick(wall, keep);
    }

    /// Closes every window.
    template <class Emit>
    void finish(Emit&& emit) {
        auto keep = keep_and(emit);
        state_.finish(keep);
    }

    [[nodiscard]] timestamp watermark() const noexcept { return state_.watermark(); }
    [[nodiscard]] storage_type& storage() noexcept { return *storage_; }
    [[nodiscard]] const storage_type& storage() const noexcept { return *storage_; }
    void collect(pipeline_stats& stats) const { state_.collect(stats); }

    /// The windows and the analyzers; what is in the storage stays there.
    template <class Archive>
    void archive(Archive& ar) {
        ar(state_);
    }

private:
    /// Keeps each record in the storage and hands it on.
    template <class Emit>
    struct keeper {
        stream_processor& self;
        Emit& emit;

        void operator()(const record_type& row) const {
            // A failure is the storage's to count and to mend: the stream goes on.
            static_cast<void>(self.storage_->append(row));
            emit(row);
        }
        [[nodiscard]] bool may_close() const requires requires(Emit& e) { e.may_close(); }
        { return emit.may_close(); }
    };

    template <class Emit>
    auto keep_and(Emit& emit) {
        return keeper<Emit>{*this, emit};
    }

    KeyBy key_;
    state_type state_;
    std::unique_ptr<storage_type> storage_;
};

}  // namespace millrace
