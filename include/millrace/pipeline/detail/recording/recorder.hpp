#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/journal/journal.hpp>

namespace millrace::detail {

/// Notes the calls that change a running pipeline, with what the clock said at each: see
/// millrace/pipeline/record_to.hpp. This one has nothing to note them in.
///
/// @tparam Clock the pipeline's
template <class Journal, clock Clock>
class recorder {
public:
    using clock_type = Clock;  ///< what the stages read
    static constexpr bool is_on = false;

    recorder(Journal, const Clock& clock) : clock_{clock} {}

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
