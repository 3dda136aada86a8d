#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/journal/journal.hpp>

namespace millrace::detail {

/// Notes the calls that change a running pipeline, with what the clock said at each. It is defined
/// in millrace/pipeline/record_to.hpp, which who has a journal includes.
///
/// @tparam Clock the pipeline's
template <class Journal, clock Clock>
class recorder;

/// Has nothing to note them in.
template <clock Clock>
class recorder<null_journal, Clock> {
public:
    using clock_type = Clock;  ///< what the stages read

    recorder(null_journal, const Clock& clock) : clock_{clock} {}

    [[nodiscard]] const Clock& stage_clock() const noexcept { return clock_; }

    template <class Sources>
    void begin(const Sources&) noexcept {}
    void batch(std::size_t) noexcept {}
    template <class Event>
    void event(std::size_t, const Event&, std::uint64_t) noexcept {}
    void batch_end(std::size_t) noexcept {}
    void leave(std::size_t, std::uint64_t) noexcept {}
    void advance(std::size_t, timestamp) noexcept {}
    void look(std::size_t) noexcept {}
    void wall_time() noexcept {}
    void finish() noexcept {}
    template <class Save>
    void loaded(Save&&) noexcept {}
    void flush() noexcept {}
    [[nodiscard]] std::error_code error() const noexcept { return {}; }

private:
    [[no_unique_address]] Clock clock_;
};

}  // namespace millrace::detail
