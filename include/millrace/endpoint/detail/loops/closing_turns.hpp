#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/post.hpp>
#include <millrace/transport/detail/timer.hpp>

namespace millrace::detail {

/// Has a pipeline whose windows close in slices catch up, a slice a turn of its loop, so that
/// others are served in between. To be closed before the pipeline goes.
template <class Running>
class closing_turns : public std::enable_shared_from_this<closing_turns<Running>> {
public:
    /// What closes in about a millisecond.
    static constexpr std::size_t windows_per_turn = 1000;
    /// How long a storage without room is left alone.
    static constexpr std::chrono::milliseconds room_interval{2};

    closing_turns(Running& pipeline, std::shared_ptr<loop> pipeline_loop)
        : pipeline_{pipeline},
          pipeline_loop_{std::move(pipeline_loop)},
          timer_{pipeline_loop_->io} {
        pipeline_.close_in_slices(windows_per_turn);
    }

    /// From any thread: the pipeline has something to go on with.
    void wake_up() {
        detail::post(pipeline_loop_->io, [self = this->shared_from_this()] { self->run(); });
    }

    /// `f()` is called each time that the pipeline has caught up.
    void on_done(std::function<void()> f) { on_done_.push_back(std::move(f)); }

    /// To be called behind whatever may leave the pipeline behind.
    void check() {
        if (!pipeline_.is_behind() || is_closed_ || std::exchange(is_due_, true)) return;
        detail::post(pipeline_loop_->io, [self = this->shared_from_this()] { self->run(); });
    }

    void close() {
        is_closed_ = true;
        on_done_.clear();
        timer_.cancel();
    }

    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

private:
    void run() {
        if (is_closed_) return;
        const loop::turn turn{*pipeline_loop_};
        is_due_ = false;
        pipeline_loop_->contain([&] { pipeline_.resume(); });
        if (!pipeline_.is_behind()) {
            for (const auto& each : on_done_) each();
        } else if (pipeline_.waits_for_room()) {
            is_due_ = true;
            timer_.start(
                room_interval,
                callback{[self = this->shared_from_this()](std::error_code) { self->run(); }});
        } else {
            check();
        }
    }

    Running& pipeline_;
    std::shared_ptr<loop> pipeline_loop_;
    timer timer_;
    std::vector<std::function<void()>> on_done_;
    bool is_due_ = false;
    bool is_closed_ = false;
};

}  // namespace millrace::detail
