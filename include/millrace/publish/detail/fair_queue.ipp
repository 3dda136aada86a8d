#pragma once

#include <millrace/publish/detail/fair_queue.hpp>

namespace millrace::detail {

MILLRACE_INLINE bool fair_queue::post(const std::string& name, std::size_t cost,
                                      std::size_t max_cost, job next) {
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

MILLRACE_INLINE void fair_queue::forget_idle() {
    if (state_->clients.size() < look_at_) return;
    std::erase_if(state_->clients, [](const auto& each) {
        return *each.second.cost == 0 && each.second.waiting.empty();
    });
    look_at_ = std::max<std::size_t>(16, 2 * state_->clients.size());
}

MILLRACE_INLINE void fair_queue::run(const std::shared_ptr<state>& of) {
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

MILLRACE_INLINE void fair_queue::end(const std::shared_ptr<state>& of) {
    const auto found = of->clients.find(of->served);
    const bool has_more = found != of->clients.end() && !found->second.waiting.empty();
    if (has_more) of->turns.push_back(found->first);
    of->is_busy = false;
    run(of);
}

}  // namespace millrace::detail
