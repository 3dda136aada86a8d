#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/journal/file_journal.hpp>
#include <millrace/pipeline/detail/recording/entry.hpp>
#include <millrace/pipeline/detail/recording/held_clock.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/record_to.hpp>
#include <millrace/pipeline/run.hpp>

namespace millrace {

/// How much faster a recording is replayed than it was made: 1 is as it was, 3600 an hour in a
/// second.
inline constexpr double as_fast_as_possible = std::numeric_limits<double>::infinity();

/// A recording of `record_to` that is fed to a pipeline, in the thread that calls it. The
/// pipeline's time is the recorded one, and it gives what it gave then, byte for byte: values,
/// order, corrections. It may be another pipeline, so long as its inputs have the same names and
/// schemas: to try other windows or thresholds on what was. Then a state that the recorded one had
/// loaded cannot be read.
///
///     auto again = replay("monday.journal", bars, sink);
///     if (const std::error_code error = again.run(3600)) ...
///
/// What is thrown at an event costs that event, as it did then. Its storages are those of its
/// description: give it others than the recorded one has, or none, for it writes to them. What asks
/// elsewhere (`async_enrich`) asks again. A `parallel` section gives the same order where it is
/// `ordered`.
///
/// @tparam Running a `running_pipeline` in recorded time, see `replay`
template <class Running>
class replay_run {
public:
    /// `make(clock)` starts the pipeline.
    /// @throws as `replay`
    template <class Make>
    replay_run(const std::filesystem::path& file, const Make& make)
        : reader_{file}, running_{start_by(make)} {
        output_archive inputs;
        for_each_source([&]<class Source>(const Source& each) {
            detail::add_signature<typename Source::event_type>(inputs, each.input());
        });
        if (input_archive{reader_.head()}.text() != inputs.bytes())
            throw std::system_error{errc::journal_of_others, "millrace: replay " + file.string()};
    }

    /// When the next thing is to be done, by the recorded clock that does not jump. None at the
    /// end: see `error`.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_at() {
        if (!fetch()) return std::nullopt;
        return at_.elapsed;
    }

    /// Does it; false at the end.
    /// @throws what the pipeline throws, which then has done it
    bool next() {
        if (!fetch()) return false;
        is_fetched_ = false;
        clock_->hold(at_.wall, at_.elapsed);
        detail::first_exception thrown;
        thrown.guard([this] { take(); });
        if (!entries_.ok()) error_ = errc::archive_corrupt;
        thrown.rethrow();
        return !error_;
    }

    /// Goes to the end, at so many times the speed of then.
    /// @return what `error` says then
    /// @throws std::invalid_argument for a speed that is not positive; what was thrown first on the
    /// way, once all else is done
    std::error_code run(double speed = as_fast_as_possible) {
        if (!(speed > 0)) throw std::invalid_argument{"millrace: replay needs a positive speed"};
        const auto begun = std::chrono::steady_clock::now();
        const std::chrono::nanoseconds first = clock_->elapsed();
        detail::first_exception thrown;
        while (const auto at = next_at()) {
            if (speed != as_fast_as_possible)
                std::this_thread::sleep_until(begun + slowed(*at - first, speed));
            thrown.guard([this] { next(); });
        }
        thrown.rethrow();
        return error();
    }

    /// errc::archive_truncated where the file ends within a block, all before which was replayed;
    /// errc::archive_corrupt where a block, an entry or a loaded state is not what was written;
    /// what the pipeline's `finish` gave last.
    [[nodiscard]] std::error_code error() const noexcept { return error_ ? error_ : finish_error_; }

    /// For its counts, and its sink.
    [[nodiscard]] Running& pipeline() noexcept { return running_; }

private:
    /// At most a year.
    static std::chrono::nanoseconds slowed(std::chrono::nanoseconds by, double speed) {
        using real = std::chrono::duration<double, std::nano>;
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::min(real{by} / speed, real{std::chrono::years{1}}));
    }

    template <class Make>
    Running start_by(const Make& make) {
        input_archive head{reader_.head()};
        static_cast<void>(head.text());
        head(at_);
        if (!head.ok() || head.bytes_left() != 0)
            throw std::system_error{errc::archive_corrupt, "millrace: replay"};
        clock_->hold(at_.wall, at_.elapsed);
        return make(detail::held_time{*clock_});
    }

    /// Reads what is next to be done, but for what only `take` can read.
    bool fetch() {
        if (error_) return false;
        if (is_fetched_) return true;
        while (entries_.bytes_left() == 0) {
            const auto block = reader_.next();
            if (!block) {
                error_ = reader_.error();
                return false;
            }
            entries_ = input_archive{*block};
        }
        entries_(what_, source_);
        const bool is_known = what_ >= detail::entry::batch && what_ <= detail::entry::loaded;
        entries_.require(is_known && source_ < Running::source_count);
        if (what_ != detail::entry::event && what_ != detail::entry::batch_end &&
            what_ != detail::entry::loaded)
            entries_(at_);
        if (!entries_.ok()) error_ = errc::archive_corrupt;
        is_fetched_ = !error_;
        return is_fetched_;
    }

    void take() {
        switch (what_) {
            case detail::entry::batch:
                return with_source([](auto& source) { source.begin_batch(); });
            case detail::entry::event:
                return with_source([this](auto& source) { this->take_event(source); });
            case detail::entry::batch_end:
                return with_source([](auto& source) { source.end_batch(); });
            case detail::entry::leave: {
                std::uint64_t producer = 0;
                entries_(producer);
                return with_source([&](auto& source) { source.leave(producer); });
            }
            case detail::entry::advance: {
                timestamp watermark;
                entries_(watermark);
                return with_source([&](auto& source) { source.advance(watermark); });
            }
            case detail::entry::look:
                return running_.do_again([this](auto& state) {
                    std::size_t number = 0;
                    state.for_each_source([&](auto& each) {
                        if (number++ == source_) state.look_at(each);
                    });
                });
            case detail::entry::wall_time:
                return running_.do_again([](auto& state) { state.tell_wall_time(); });
            case detail::entry::finish: finish_error_ = running_.finish(); return;
            case detail::entry::loaded:
                if (load(entries_.text(), running_)) error_ = errc::archive_corrupt;
                return;
        }
    }

    template <class Source>
    void take_event(Source& source) {
        std::uint64_t producer = 0;
        typename Source::event_type one{};
        entries_(producer);
        detail::archive_event(entries_, one);
        if (entries_.ok()) static_cast<void>(source.push_next(one, producer));
    }

    template <class Function>
    void for_each_source(Function&& f) {
        auto all = running_.sources();
        std::apply([&](auto&... each) { (f(each), ...); }, all);
    }

    template <class Function>
    void with_source(Function&& f) {
        for_each_source([&, number = std::size_t{0}](auto& each) mutable {
            if (number++ == source_) f(each);
        });
    }

    file_journal_reader reader_;
    std::unique_ptr<detail::held_clock> clock_ = std::make_unique<detail::held_clock>();
    input_archive entries_{{}};
    detail::entry_time at_;
    detail::entry what_{};
    std::uint8_t source_ = 0;
    bool is_fetched_ = false;
    std::error_code error_;  ///< of the file
    std::error_code finish_error_;
    Running running_;
};

/// Starts a pipeline that is fed with what `record_to` kept in a file; nothing is done yet, see
/// `replay_run`.
/// @throws std::system_error where the file cannot be read, is no journal (errc::archive_corrupt)
/// or was recorded of other inputs (errc::journal_of_others); and as `start`
template <class Source, class... Stages, class Sink>
[[nodiscard]] auto replay(const std::filesystem::path& file,
                          pipeline<Source, Stages...> description, Sink sink) {
    const auto make = [&](detail::held_time clock) {
        return start(std::move(description), std::move(sink), clock);
    };
    return replay_run<decltype(make(std::declval<detail::held_time>()))>{file, make};
}

/// Likewise, of a pipeline whose results only its storages keep.
template <class Source, class... Stages>
[[nodiscard]] auto replay(const std::filesystem::path& file,
                          pipeline<Source, Stages...> description) {
    return replay(file, std::move(description), detail::ignore_records{});
}

}  // namespace millrace
