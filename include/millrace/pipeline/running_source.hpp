#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/sources/event_check.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace {

/// One source of a running pipeline, in the thread that drives that: a reference, which is copied
/// cheaply and valid as long as the pipeline. A pipeline of one source has all of this itself.
template <class State, std::size_t Index>
class running_source {
    using source = typename State::template source_type<Index>;
    using busy = typename State::busy;
    using decoding = typename State::decoding;

public:
    using event_type = typename source::event_type;
    using decoder_type = typename source::decoder_type;
    using event_check_type = typename source::event_check_type;
    /// Whether it matters whose an event is.
    static constexpr bool has_producers = std::same_as<typename source::timing_type, by_producer>;

    explicit running_source(State& of) noexcept : of_{&of} {}

    /// The name given to `from`.
    [[nodiscard]] std::string_view input() const noexcept { return own().name; }

    /// Takes one event in. Results reach the sink before it returns, but for those of windows that
    /// close in slices (see `running_pipeline::close_in_slices`), of a `parallel` section, and of
    /// `async_enrich`.
    /// `producer` is who it is of, for a source `by_producer`.
    /// @return `errc::too_far_ahead` or `errc::key_too_long` where the source refuses it (see
    /// millrace/pipeline/source_time.hpp), which is counted
    /// @throws what is thrown at it, which is counted as failed; or while windows close and timers
    /// fire on the way, which costs the event nothing. It is taken in all the same.
    errc push(const event_type& one, std::uint64_t producer = 0) {
        const busy guard{*of_};
        begin_batch();
        catch_up();
        const errc answer = try_take(one, producer);
        if (!own().is_in_batch) of_->recording.batch_end(Index);
        rethrow();
        return answer;
    }

    /// As pushing those of a vector, an array or a span one after the other, in less time. An event
    /// at which something throws is lost alone: the others are taken, and then the first exception
    /// goes on, also one of windows that close.
    /// @return how many were taken; those that the source refuses are counted
    template <std::ranges::contiguous_range Events>
    requires std::same_as<std::ranges::range_value_t<Events>, event_type> std::uint64_t push(
        const Events& all, std::uint64_t producer = 0) {
        const std::span<const event_type> events{all};
        const busy guard{*of_};
        source& to = own();
        const bool& has_to_wait = of_->pace.is_behind;
        begin_batch();
        begin_nodes();
        std::uint64_t refused = 0;
        const event_type* next = events.data();
        const event_type* const end = next + events.size();
        while (next != end) {
            try {
                while (next != end) {
                    if (has_to_wait) [[unlikely]]
                        catch_up();
                    const event_type& one = *next++;
                    of_->failed.begin_event();
                    of_->recording.event(Index, one, producer);
                    if (to.root.push(one, producer, to.failure) != errc{}) ++refused;
                }
            } catch (...) {
                note_failure();
            }
        }
        const std::uint64_t taken = events.size() - refused;
        to.events += taken;
        reject(refused);
        end_nodes();
        rethrow();
        return taken;
    }

    /// What `check` is asked about and `push_next` takes from now on came together: the clock is
    /// read once for it at most.
    void begin_batch() noexcept {
        of_->recording.batch(Index);
        own().root.begin_batch();
        State::read_held_time(own());
    }

    /// As `push`, of the batch that was begun. Between the first and `end_batch` the pipeline may
    /// be told nothing else: it may keep events, to take them in together.
    /// @return also `errc::handler_failed`, where something threw: see `end_batch`
    errc push_next(const event_type& one, std::uint64_t producer = 0) {
        const busy guard{*of_};
        begin_nodes();
        if (is_behind()) [[unlikely]]
            catch_up();
        return try_take(one, producer);
    }

    /// Behind the last `push_next` of those that came together.
    /// @throws what was thrown first at one of these events, or on the way while windows closed;
    /// the others are taken
    void end_batch() {
        const busy guard{*of_};
        if (own().is_in_batch) end_nodes();
        rethrow();
    }

    /// Nothing more comes of the producer for now.
    void leave(std::uint64_t producer) {
        const busy guard{*of_};
        of_->recording.leave(Index, producer);
        catch_up_and([&] { own().root.leave(producer); });
    }

    /// Decodes a message (a JSON object, an array of them, or lines of them) and takes its events
    /// in; `on_error(const input_error&)` for each that is refused. The message is decoded in
    /// place: its bytes change, and the byte behind it must be writable. Returns how many events
    /// it took in. @throws as `end_batch`; std::logic_error as `decode`
    template <class OnError>
    std::uint64_t receive(std::span<char> message, OnError&& on_error, std::uint64_t producer = 0) {
        const decoding guard{*of_};
        const std::uint64_t before = taken();
        const auto take = [&](const event_type& one) { return answer(push_next(one, producer)); };
        decode_each(message, take, on_error);
        end_batch();
        return taken() - before;
    }

    /// Likewise, but calls `take(const event_type&)` for each event that is not refused, instead of
    /// taking it in. The message is a batch of its own, as by `begin_batch`. What that refuses and
    /// counts by itself, such as `push_next`, is told as well. What is thrown on the way is kept
    /// for `end_batch`.
    /// @throws std::logic_error, before it reads the message, while the pipeline has an event or
    /// another message in hand
    template <class Take, class OnError>
    void decode(std::span<char> message, Take&& take, OnError&& on_error) {
        const decoding guard{*of_};
        decode_each(message, take, on_error);
    }

    /// Whether the sender of an event is told what `push_next` gave; else it is told by
    /// `end_batch`.
    [[nodiscard]] static errc answer(errc of) noexcept {
        return of == errc::handler_failed ? errc{} : of;
    }

    /// Whether the event may be pushed: `errc{}`, or for what it would be refused.
    [[nodiscard]] errc check(const event_type& one) const {
        return own().check(one, own().root.time_limits());
    }

    /// For those who decode elsewhere: a function object with a copy of all that it needs, for
    /// their thread, that says of an event what `check` does. It reads the clock for itself.
    [[nodiscard]] event_check_type event_check() const { return own().check; }

    /// What a decoder of its messages is made with, for those who decode elsewhere and `push`.
    [[nodiscard]] const codec_limits& limits() const noexcept { return own().limits; }

    /// Counts events that were refused elsewhere.
    void reject(std::uint64_t events) noexcept { own().rejected += events; }

    /// Says that no event earlier than `watermark` will come of it; at the end of time, that none
    /// will.
    void advance(timestamp watermark) {
        const busy guard{*of_};
        of_->recording.advance(Index, watermark);
        catch_up_and([&] { own().root.advance(watermark); });
    }

    /// Looks whether the source is idle, which it is when it is found so twice in a row, and tells
    /// the pipeline what time it is; to be called some times a second. Where windows that close in
    /// slices put the latter off, it comes first the next time.
    void tick() {
        const busy guard{*of_};
        catch_up_and([this] {
            if (std::exchange(of_->next_look, 0) == State::source_count) of_->tell_wall_time();
            if (is_behind()) return;
            of_->recording.look(Index);
            of_->look_at(own());
            if (is_behind()) {
                of_->next_look = State::source_count;
            } else {
                of_->tell_wall_time();
            }
        });
    }

    /// Whether windows of the pipeline wait that are due.
    [[nodiscard]] bool is_behind() const noexcept { return of_->pace.is_behind; }

    /// How many events it took in, and how many were refused.
    [[nodiscard]] std::uint64_t events() const noexcept { return own().events; }
    [[nodiscard]] std::uint64_t rejected() const noexcept { return own().rejected; }

    /// How many of those that it took in nothing threw at: windows that close are of no event.
    [[nodiscard]] std::uint64_t taken() const noexcept { return own().events - own().failed; }

private:
    template <class Take, class OnError>
    void decode_each(std::span<char> message, Take& take, OnError& on_error) noexcept {
        begin_batch();
        own().failure.guard([&] {
            detail::decode_checked(
                own().decode, [this](const event_type& one) { return check(one); }, message, take,
                [this] { reject(1); }, on_error);
        });
    }

    [[gnu::always_inline]] errc take(const event_type& one, std::uint64_t producer) {
        source& to = own();
        ++to.events;  // also one at which it throws
        of_->failed.begin_event();
        of_->recording.event(Index, one, producer);
        const errc refused = to.root.push(one, producer, to.failure);
        if (refused != errc{}) {
            --to.events;
            reject(1);
        }
        return refused;
    }

    [[gnu::always_inline]] errc try_take(const event_type& one, std::uint64_t producer) {
        try {
            return take(one, producer);
        } catch (...) {
            note_failure();
            return errc::handler_failed;
        }
    }

    /// What is thrown on the way is of no event that comes now.
    void catch_up() noexcept { of_->catch_up(own().failure); }

    template <class Act>
    void catch_up_and(Act&& act) {
        detail::first_exception thrown;
        of_->catch_up(thrown);
        thrown.guard(act);
        thrown.rethrow();
    }

    void begin_nodes() {
        if (std::exchange(own().is_in_batch, true)) return;
        own().taken_before = taken();
        own().first_in_batch = of_->failed.in_hand() + 1;
        own().root.next().begin_batch();
    }

    void end_nodes() noexcept {
        source& to = own();
        for (bool is_done = false; !is_done;) {
            try {
                to.root.next().end_batch();
                is_done = true;
            } catch (...) {
                // A stage of the user's may throw more than once at an event: no more fail than
                // came.
                if (taken() > to.taken_before) ++to.failed;
                own().failure.keep_current();
            }
        }
        to.is_in_batch = false;
        of_->recording.batch_end(Index);
        of_->forget_failed();
    }

    void note_failure() noexcept {
        if (of_->failed.note(of_->failed.in_hand())) ++own().failed;
        if (!own().is_in_batch) of_->forget_failed();
        own().failure.keep_current();
    }
    void rethrow() { own().failure.rethrow(); }

    [[nodiscard]] source& own() const noexcept { return of_->nodes.template source<Index>(); }

    State* of_;
};

}  // namespace millrace
