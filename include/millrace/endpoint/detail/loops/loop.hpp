#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/detail/counter.hpp>
#include <millrace/core/log.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/transport/detail/post.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// Something with output that waits, or with an end to be carried out.
class flushable {
public:
    virtual ~flushable() = default;
    virtual void flush() = 0;
};

/// What all connections of one thread share. Output made while one handler runs is written once,
/// at the handler's end: what it queued for a connection leaves in one system call.
class loop : public std::enable_shared_from_this<loop> {
public:
    static constexpr std::size_t buffer_bytes = 64 * 1024;

    explicit loop(asio::io_context& context) : io{context}, storage_(buffer_bytes + 1) {}

    /// While one lives, flushes wait for its end.
    class turn {
    public:
        explicit turn(loop& owner) noexcept : loop_{owner} { ++loop_.turns_; }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() {
            if (loop_.turns_ == 1) loop_.end_turn();
            --loop_.turns_;
        }

    private:
        loop& loop_;
    };

    /// Has `who` flushed at the end of this turn, or else soon.
    void schedule(std::shared_ptr<flushable> who) {
        if (dirty_.empty() && turns_ == 0)
            detail::post(io, [self = shared_from_this()] { turn flush_now{*self}; });
        dirty_.push_back(std::move(who));
    }

    /// Flushes nothing of what is scheduled, which may hold the loop itself: nothing runs any more.
    void forget() noexcept {
        dirty_.clear();
        on_growth = nullptr;
    }

    /// What connections hold: by themselves, and in frames, of which each counts once.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return held_bytes + frames.used_bytes() + frames.idle_bytes();
    }

    /// Tells other threads what is held now.
    void tell_memory() noexcept { counters.memory_bytes = memory_bytes(); }

    /// Calls `f()`. What it throws is counted and told as a handler's error, of a connection or of
    /// none; false then.
    template <class Function>
    bool contain(Function&& f, std::uint64_t connection = 0) noexcept {
        try {
            f();
            return true;
        } catch (const std::exception& e) {
            on_handler_error(connection, e.what());
        } catch (...) {
            on_handler_error(connection, "what it threw is no std::exception");
        }
        return false;
    }

    void on_handler_error(std::uint64_t connection, std::string_view what) noexcept {
        ++counters.handler_errors;
        tell(log_severity::error, log_event::handler_failed, connection, what);
    }

    /// Tells the operator. Nothing of it is made if nobody listens.
    void tell(log_severity level, log_event what, std::uint64_t connection,
              std::string_view message) noexcept {
        if (!log) return;
        try {
            log({level, what, connection, message});
        } catch (...) {
            ++counters.handler_errors;
        }
    }

    [[nodiscard]] std::span<char> shared_buffer() noexcept {
        return std::span{storage_}.first(buffer_bytes);
    }

    asio::io_context& io;
    log_hook log;
    websocket::frame_pool frames;
    basic_endpoint_counters<counter> counters;
    /// Scratch for one gathered write.
    std::array<asio::const_buffer, 64> parts;
    /// The time of the last tick: no system call a message.
    std::chrono::nanoseconds now{};
    /// The shared buffer holds what a connection has received.
    bool is_receiving = false;
    /// What connections hold by themselves: see `stream_connection::held_bytes`.
    std::size_t held_bytes = 0;
    /// Called at the end of a turn when `memory_bytes` has grown by more than `slice_bytes`.
    std::function<void()> on_growth;
    std::size_t slice_bytes = 64 * 1024;

private:
    void end_turn() {
        flush_all();
        const std::size_t bytes = memory_bytes(), told = counters.memory_bytes;
        if (bytes <= told + slice_bytes && told <= bytes + slice_bytes) return;
        tell_memory();
        if (bytes < told || !on_growth) return;
        on_growth();
        flush_all();
        tell_memory();
    }

    void flush_all() {
        while (!dirty_.empty()) {
            flushing_.swap(dirty_);
            for (const auto& each : flushing_) each->flush();
            flushing_.clear();
        }
    }

    std::vector<char> storage_;
    std::vector<std::shared_ptr<flushable>> dirty_;
    std::vector<std::shared_ptr<flushable>> flushing_;
    int turns_ = 0;
};

}  // namespace millrace::detail
