#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/journal/file_journal.hpp>
#include <millrace/journal/journal.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/detail/recording/entry.hpp>
#include <millrace/pipeline/detail/recording/held_clock.hpp>
#include <millrace/pipeline/detail/recording/recorder.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace {

namespace detail {

/// Says which input a recording is of: its name, and the fields of its events.
template <class Event>
void add_signature(output_archive& to, std::string_view name) {
    topology::stream events;
    described_fields<Event>::append(events);
    to.text(name);
    std::uint64_t fields = events.fields.size();
    to(fields);
    for (const topology::field& field : events.fields) {
        to.text(field.name);
        to.text(field.type);
    }
}

/// Stops the compiler where an event could not be read back.
template <class Event>
consteval void require_recordable() {
    static_assert(described<Event> && is_kept<Event>,
                  "record_to needs: events with a schema that can be copied and saved (see "
                  "millrace/core/schema.hpp and millrace/core/owned_views.hpp)");
}

/// Notes each call in a block of bytes, which goes to the journal when it is large, and at least
/// each time that somebody looks at the clock. What it cannot note, for want of memory, ends the
/// recording: the pipeline goes on.
template <class Journal, clock Clock>
class recorder {
public:
    using clock_type = held_time;

    recorder(Journal to, const Clock& clock)
        : journal_{std::move(to)},
          clock_{clock},
          held_{std::make_unique<held_clock>([own = clock_] { return own.wall(); })} {
        static_cast<void>(hold());
    }
    ~recorder() { flush(); }
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;

    [[nodiscard]] held_time stage_clock() const noexcept { return held_time{*held_}; }

    /// Before all else, with the time that the pipeline is made at.
    template <class State>
    void begin(State& of) {
        output_archive inputs, head;
        of.for_each_source([&]<class Source>(const Source& each) {
            add_signature<typename Source::event_type>(inputs, each.name);
        });
        head.text(inputs.bytes());
        entry_time now{held_->wall(), held_->elapsed()};
        head(now);
        journal_.begin(head.bytes());
    }

    void batch(std::size_t source) noexcept { note(entry::batch, source, hold()); }

    template <class Event>
    void event(std::size_t source, const Event& one, std::uint64_t producer) noexcept {
        require_recordable<Event>();
        guard([&] {
            put(entry::event, source);
            block_(producer);
            archive_event(block_, const_cast<Event&>(one));  // saving changes nothing
        });
    }

    void batch_end(std::size_t source) noexcept {
        guard([&] { put(entry::batch_end, source); });
    }
    void leave(std::size_t source, std::uint64_t producer) noexcept {
        note(entry::leave, source, hold(), producer);
    }
    void advance(std::size_t source, timestamp watermark) noexcept {
        note(entry::advance, source, hold(), watermark);
    }
    void look(std::size_t source) noexcept { note(entry::look, source, hold()); }
    void wall_time() noexcept {
        note(entry::wall_time, 0, hold());
        flush();
    }
    void finish() noexcept { note(entry::finish, 0, hold()); }

    /// `save(archive)` saves the state that was loaded.
    template <class Save>
    void loaded(Save&& save) noexcept {
        guard([&] {
            output_archive saved;
            save(saved);
            put(entry::loaded, 0);
            block_.text(saved.bytes());
        });
        flush();
    }

    void flush() noexcept {
        if (block_.bytes().empty()) return;
        if (!error()) {
            try {
                journal_.append(block_.bytes());
            } catch (...) {
                error_ = std::make_error_code(std::errc::not_enough_memory);
            }
        }
        block_.clear();
    }

    [[nodiscard]] std::error_code error() const noexcept {
        return error_ ? error_ : journal_.error();
    }

private:
    static constexpr std::size_t block_bytes = std::size_t{1} << 16;

    /// From now on it is this late.
    [[nodiscard]] entry_time hold() noexcept {
        held_->hold(clock_.wall(), clock_.elapsed());
        return {held_->wall(), held_->elapsed()};
    }

    void put(entry what, std::size_t source) {
        auto number = static_cast<std::uint8_t>(source);
        block_(what, number);
    }

    template <class... Parts>
    void note(entry what, std::size_t source, Parts... parts) noexcept {
        guard([&] {
            put(what, source);
            block_(parts...);
        });
    }

    /// An entry that is not whole would make nonsense of all behind it.
    template <class Put>
    void guard(Put&& put_entry) noexcept {
        if (error()) return;
        try {
            put_entry();
            if (block_.bytes().size() >= block_bytes) flush();
        } catch (...) {
            error_ = std::make_error_code(std::errc::not_enough_memory);
            block_.clear();
        }
    }

    Journal journal_;
    Clock clock_;
    std::unique_ptr<held_clock> held_;  ///< at a place of its own: the stages refer to it
    output_archive block_;
    std::error_code error_;
};

}  // namespace detail

/// Records what a pipeline takes, for `replay`: each event by its schema, with the source and the
/// producer (on an endpoint the path and the connection's number), the moment of each batch, and
/// what else changes it: watermarks, producers that leave, looks at the clock, a state that is
/// loaded. Between two calls the pipeline's time stands still.
///
///     auto running = start(bars, sink, record_to("monday.journal"));
///     server.serve(bars, {}, record_to("monday.journal"));
///
/// Of an event what stands in no field of its schema is not kept. What the codec or a check refuses
/// is not among it, and what reaches the stages by themselves is
/// not seen: a clock of their own, a file, a random number,
/// an answer to `async_enrich`.
///
/// A block is with the system when 64 KB have come and at each `tick`: a process that is killed
/// loses what came since, which an endpoint makes a part of a second. Where the file cannot be
/// written the recording ends, and `running_pipeline::recording_error` says why; the pipeline goes
/// on. Costs an event its fields and 10 bytes, each batch 19 more, one copy, and no allocation.
/// @throws std::system_error where the file is there already, or cannot be made
[[nodiscard]] inline file_journal record_to(const std::filesystem::path& file) {
    return file_journal{file};
}

}  // namespace millrace
