#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Runs one job at a time and lets clients take turns: each that waits is served once before any is
/// served again, however much it asks for. For one thread; a job may end later.
class fair_queue {
public:
    /// What a job costs its client until the last copy is gone, from any thread.
    using charge = std::shared_ptr<const void>;

    /// Calls `end` once, in the queue's thread, when another may have its turn; does not throw.
    using job = std::function<void(std::function<void()> end, charge)>;

    /// The job's turn may come at once. False, and the job is gone, where the client is charged for
    /// others which cost, with this one, more than `max_cost`.
    [[nodiscard]] bool post(const std::string& name, std::size_t cost, std::size_t max_cost,
                            job next);

    /// Clients that are known: those that are charged, and up to as many more.
    [[nodiscard]] std::size_t clients() const noexcept { return state_->clients.size(); }

private:
    struct client {
        std::shared_ptr<std::atomic<std::size_t>> cost =
            std::make_shared<std::atomic<std::size_t>>(0);
        std::deque<std::function<void(std::function<void()>)>> waiting{};
    };
    struct state {
        std::map<std::string, client> clients{};  ///< strangers choose the names: no hash
        std::deque<std::string> turns{};          ///< who waits, but for the one that is served
        std::string served{};
        bool is_busy = false, is_running = false;
    };

    void forget_idle();

    static void run(const std::shared_ptr<state>& of);

    static void end(const std::shared_ptr<state>& of);

    std::shared_ptr<state> state_ = std::make_shared<state>();
    std::size_t look_at_ = 16;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/publish/detail/fair_queue.ipp>
#endif
