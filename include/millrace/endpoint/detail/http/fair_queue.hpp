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
                            job next) {
        forget_idle();
        auto& of = state_->clients[name];
        const std::size_t before = *of.cost;
        if (before > 0 && before + cost > max_cost) return false;
        const bool is_served = state_->is_busy && state_->served == name;
        const bool is_new = of.waiting.empty() && !is_served;
        *of.cost += cost;
        const charge charged{of.cost.get(), [owner = of.cost, cost](auto) { *owner -= cost; }};
        of.waiting.push_back([run = std::move(next), charged](std::function<void()> end) {
            run(std::move(end), charged);
        });
        if (is_new) state_->turns.push_back(name);
        run(state_);
        return true;
    }

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

    void forget_idle() {
        if (state_->clients.size() < look_at_) return;
        std::erase_if(state_->clients, [](const auto& each) {
            return *each.second.cost == 0 && each.second.waiting.empty();
        });
        look_at_ = std::max<std::size_t>(16, 2 * state_->clients.size());
    }

    static void run(const std::shared_ptr<state>& of) {
        if (std::exchange(of->is_running, true)) return;
        while (!of->is_busy && !of->turns.empty()) {
            of->is_busy = true;
            of->served = std::move(of->turns.front());
            of->turns.pop_front();
            auto& waiting = of->clients[of->served].waiting;
            const auto next = std::move(waiting.front());
            waiting.pop_front();
            next([weak = std::weak_ptr{of}] {
                if (const auto self = weak.lock()) end(self);
            });
        }
        of->is_running = false;
    }

    static void end(const std::shared_ptr<state>& of) {
        const auto found = of->clients.find(of->served);
        const bool has_more = found != of->clients.end() && !found->second.waiting.empty();
        if (has_more) of->turns.push_back(found->first);
        of->is_busy = false;
        run(of);
    }

    std::shared_ptr<state> state_ = std::make_shared<state>();
    std::size_t look_at_ = 16;
};

}  // namespace millrace::detail
