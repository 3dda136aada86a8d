#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/endpoint/endpoint.hpp>

#include "catch.hpp"
#include "random_checks.hpp"
#include "random_clients.hpp"
#include "random_plan.hpp"
#include "random_windows.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using action = millrace::endpoint_action;

namespace {

template <class Guard>
class round_of {
public:
    explicit round_of(plan drawn)
        : plan_{std::move(drawn)},
          guard_{plan_},
          server_{std::make_unique<endpoint<tcp, Guard>>(io_, options_, tcp{}, guard_)} {
        serve_options how;
        if (plan_.has_duplex) how.duplex_path = "/ws";
        if (!plan_.hangs) taken_.go_on();
        if (plan_.has_two_inputs) {
            auto both = union_of(from<reading>("readings"), from<reading>("others"));
            server_->serve(sums(std::move(both), plan_, taken_), how);
        } else if (plan_.has_windows) {
            serve_windows(how);
        } else {
            server_->serve(sums(from<reading>("readings"), plan_, taken_), how);
        }
    }

    void run() {
        serving_ = std::thread{[this] { io_.run(); }};
        connect();
        work();
        end();
        const auto counters = server_->snapshot().counters;
        if (plan_.end != ending::abandon) CHECK(counters.connections == 0);
        server_.reset();
        finish_clients();
        io_.restart();
        io_.poll();
        check(counters);
    }

    ~round_of() {
        taken_.go_on();
        io_.stop();
        if (serving_.joinable()) serving_.join();
        server_.reset();
        if constexpr (requires { guard_.join(); }) guard_.join();
    }

private:
    /// Compiled with one guard alone.
    void serve_windows([[maybe_unused]] const serve_options& how) {
        if constexpr (std::same_as<Guard, guard_at_once>)
            server_->serve(sums_beside_windows(from<reading>("readings"), plan_, taken_, windows_),
                           how);
    }

    static constexpr bool has_held = requires(Guard & guard) { guard.release(); };

    /// Records on their way to a loop that does not run for a moment, each in a batch of its own,
    /// stay below what a record_queue holds.
    static constexpr std::uint64_t max_under_way = 50;

    void connect() {
        for (std::size_t i = 0; i != plan_.followers + plan_.slow_followers; ++i) add_follower(i);
        for (std::size_t i = 0; i != plan_.senders; ++i) add_sender(i);
        for (std::size_t i = 0; i != plan_.posters; ++i) add_poster(plan_.senders + i);
        for (std::size_t i = 0; i != plan_.readers; ++i) add_reader();
        pump_until([this] {
            for (const auto& each : clients_) each->greet();
            return has_as_many_held() && std::ranges::all_of(clients_, [](auto& each) {
                       return each->is_held || each->is_settled();
                   });
        });
        for (const auto& each : clients_) each->peer->is_paused = each->is_slow;
    }

    /// The guard waits with as many answers as it was asked for late ones.
    [[nodiscard]] bool has_as_many_held() const {
        if constexpr (has_held) return guard_.held() == held_;
        return true;
    }

    void add_follower(std::size_t i) {
        client each{.follows = true, .is_slow = i >= plan_.followers};
        if (plan_.below(3) == 0) each.key = plan_.below(plan_.numbers());
        if (plan_.below(5) == 0) each.kill_at = 1 + plan_.below(100);
        const bool takes_duplex = plan_.has_duplex && plan_.below(2) == 0;
        add(std::move(each), takes_duplex ? "/ws" : "/sums");
    }

    void add_sender(std::size_t number) {
        client each{.sends_as = number};
        each.follows = plan_.has_duplex && plan_.below(2) == 0;
        if (each.follows && plan_.below(3) == 0) each.key = plan_.below(plan_.numbers());
        if (plan_.below(4) == 0) each.kill_at = 1 + plan_.below(plan_.events);
        if (plan_.below(5) == 0) each.poison_at = 1 + plan_.below(plan_.events);
        if (each.follows) return add(std::move(each), "/ws");
        each.is_held = has_held && plan_.below(3) == 0;
        held_ += each.is_held;
        if (each.is_held || plan_.below(2) == 0) return add_at_input(std::move(each));
        late_.push_back(std::move(each));
    }

    void add_at_input(client made) {
        const std::string target = "/" + plan_.input_of(*made.sends_as);
        add(std::move(made), target);
    }

    void add(client made, std::string target) {
        made.who = plan_.draw_credentials(true);
        std::vector<action> asked;
        if (target != "/sums") asked.push_back(action::send);
        if (target == "/ws" || target == "/sums") asked.push_back(action::follow);
        made.refusal = plan_.refusal(made.who, asked, made.key);
        auto& each = *clients_.emplace_back(std::make_unique<client>(std::move(made)));
        target += each.who.query() + key_parameter(each.key) + (each.is_held ? "&held" : "");
        each.peer = std::make_unique<nonblocking_peer>(
            server_->port(),
            nonblocking_peer::settings{
                .target = target,
                .extra_headers = each.who.header(),
                .deflate = plan_.below(3) != 0 ? options_.compression.get() : nullptr,
                .has_small_buffers = each.is_slow});
        each.peer->on_message = [&each](std::string_view text) { each.on_message(text); };
        sockets_.push_back(each.peer.get());
    }

    void add_poster(std::size_t number) {
        auto& each = *posters_.emplace_back(std::make_unique<poster>());
        each.who = plan_.draw_credentials(false);
        each.refusal = plan_.refusal(each.who, {action::send});
        each.number = number;
        each.path = plan_.has_duplex && plan_.below(2) == 0 ? "/ws" : "/" + plan_.input_of(number);
        if (plan_.below(4) == 0) each.kill_at = 1 + plan_.below(20);
        each.peer = std::make_unique<nonblocking_http>(server_->port());
        each.peer->on_answer = [&each](int status, auto body) { each.on_answer(status, body); };
        sockets_.push_back(each.peer.get());
        each.is_held = has_held && plan_.below(2) == 0;
        held_ += each.is_held;
        if (each.is_held) each.post_some(plan_.events / 4, plan_);
    }

    void add_reader() {
        auto& each = *readers_.emplace_back(std::make_unique<reader>());
        each.who = plan_.draw_credentials(false);
        if (plan_.below(2) == 0) each.key = plan_.below(plan_.numbers());
        each.refusal = plan_.refusal(each.who, {action::read}, each.key);
        each.left = 1 + plan_.below(10);
        if (plan_.below(4) == 0) each.kill_at = 1 + plan_.below(each.left);
        each.capacity = plan_.history_capacity;
        each.peer = std::make_unique<nonblocking_http>(server_->port());
        each.peer->on_answer = [this, &each](int status, auto body) {
            each.on_answer(status, body, taken_);
        };
        sockets_.push_back(each.peer.get());
    }

    /// Until all is sent, taken and answered or, where the end is early, some of it.
    void work() {
        const std::uint64_t enough = 1 + plan_.below(plan_.events * plan_.senders);
        pump_until([&] {
            const bool is_done = step_all();
            const bool is_full = is_stuck() && is_nobody_late();
            if (!plan_.is_settled()) return is_done || is_full || sent() >= enough;
            if (is_full) taken_.go_on();
            return is_done && (!plan_.keeps_pace || have_readers_all());
        });
    }

    /// True once all that was to be done is done.
    bool step_all() {
        bool is_done = true;
        for (const auto& each : clients_) {
            if (each->sends_as) is_done = step(*each) && is_done;
            if (each->kill_at != 0 && !each->sends_as && each->records >= each->kill_at)
                kill(*each);
        }
        for (const auto& each : posters_) is_done = step(*each) && is_done;
        for (const auto& each : readers_) is_done = step(*each) && is_done;
        if (is_nobody_late()) return is_done;
        const bool is_time = taken_.may_go_on ? sent() >= comes_at_ : is_stuck();
        if (is_done || is_time) let_come();
        return false;
    }

    [[nodiscard]] bool is_nobody_late() const { return held_ == 0 && late_.empty(); }

    /// Those whom the guard has not answered, then one who has not asked it.
    void let_come() {
        waits_ = 0;
        comes_at_ += plan_.below(plan_.events);
        if (std::exchange(held_, 0) != 0) return release();
        add_at_input(std::move(late_.back()));
        late_.pop_back();
    }

    void release() {
        if constexpr (has_held) guard_.release();
    }

    [[nodiscard]] std::uint64_t sent() const {
        std::uint64_t all = 0;
        for (const auto& each : clients_) all += each->sent;
        for (const auto& each : posters_) all += each->accepted;
        return all;
    }

    /// True once all of a sender's events are taken, or it is gone.
    bool step(client& of) {
        if (of.is_lost() || (of.is_held && held_ != 0)) return true;
        of.greet();
        if (!of.has_greeted || of.refusal != 0) return of.is_settled();
        // Who is to be closed sends on for a while.
        const std::uint64_t goal = of.poison_at == 0        ? plan_.events
                                   : of.sent < of.poison_at ? of.poison_at
                                                            : of.poison_at + 20;
        if (of.kill_at != 0 && of.sent >= of.kill_at) {
            kill(of);
            return true;
        }
        if (of.sent >= goal) return of.poison_at == 0 && taken_.last[*of.sends_as] == goal;
        if (plan_.sends_singly && of.peer->awaits_pong()) return false;
        if (of.peer->unsent_bytes() > 16 * 1024 || is_ahead(*of.sends_as, of.sent)) return false;
        of.send_some(goal, plan_);
        return false;
    }

    /// True once all of a poster's events are taken, by the answers, or it is gone.
    bool step(poster& of) {
        if (of.is_lost() || (of.is_held && held_ != 0)) return true;
        if (of.under_way) {
            of.send_rest();
            return false;
        }
        const std::uint64_t goal = plan_.events / 4;
        if (of.accepted >= goal) return taken_.last[of.number] == of.accepted;
        if (is_ahead(of.number, of.accepted)) return false;
        of.post_some(goal, plan_);
        if (of.posts == of.kill_at) {
            of.peer->pump();
            kill(of);
        }
        return false;
    }

    /// True once it has had all its answers, or is gone.
    bool step(reader& of) {
        if (of.is_lost()) return true;
        if (of.is_under_way) return false;
        if (of.left == 0) return true;
        of.ask(plan_, taken_);
        if (of.left-- != of.kill_at) return false;
        of.peer->pump();
        kill(of);
        return true;
    }

    template <class Client>
    void kill(Client& of) {
        if (std::exchange(of.is_killed, true)) return;
        of.peer->kill(plan_.below(2) == 0);
    }

    /// A follower who reads could be too slow for more of them.
    [[nodiscard]] bool is_ahead(std::size_t number, std::uint64_t events) const {
        return plan_.keeps_pace && events >= slowest(number) + max_under_way / plan_.numbers();
    }

    /// Of a sender's events, those that each reader has.
    [[nodiscard]] std::uint64_t slowest(std::size_t number) const {
        std::uint64_t least = taken_.last[number];
        for (const auto& each : clients_)
            if (each->is_reader() && (!each->key || *each->key == number))
                least = std::min(least, each->received[number]);
        return least;
    }

    [[nodiscard]] bool have_readers_all() const {
        for (std::size_t i = 0; i != plan_.numbers(); ++i)
            if (slowest(i) != taken_.last[i]) return false;
        return true;
    }

    void end() {
        if (plan_.end == ending::when_settled) {  // who is gone now, is so before the end
            for (const auto& each : clients_) each->is_killed = each->is_lost();
            for (const auto& each : posters_) each->is_killed = each->is_lost();
        }
        switch (plan_.end) {
            case ending::drain_early: server_->drain(20ms); break;
            case ending::abandon: io_.stop(); break;
            case ending::stop_twice: server_->stop(); [[fallthrough]];
            default: server_->stop();
        }
        taken_.go_on();
        release();
        if (plan_.end != ending::abandon) finish_clients();
        serving_.join();
    }

    void finish_clients() {
        for (const auto& each : clients_) each->peer->is_paused = false;
        pump_until([this] {
            return std::ranges::all_of(sockets_, [](auto* each) { return each->is_ended(); });
        });
    }

    template <class Condition>
    void pump_until(Condition is_reached) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!is_reached()) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{state()};
            bool is_any = false;
            for (auto* const each : sockets_) is_any = each->pump() || is_any;
            waits_ = is_any ? 0 : waits_ + 1;
            if (!is_any) wait_for_one(sockets_);
        }
    }

    /// The pipeline hangs, and nothing more can be sent to it.
    [[nodiscard]] bool is_stuck() const { return !taken_.may_go_on && waits_ > 20; }

    [[nodiscard]] std::string state() const {
        std::ostringstream out;
        out << "nothing more happens:";
        for (const auto& each : clients_) {
            out << "\n ";
            if (each->sends_as)
                out << " sent " << each->sent << " taken " << taken_.last[*each->sends_as];
            if (each->follows) out << " records " << each->records;
            out << " slow " << each->is_slow << " lost " << each->is_lost() << " status "
                << each->peer->status();
        }
        for (const auto& each : posters_)
            out << "\n  posted " << each->accepted << " taken " << taken_.last[each->number]
                << " waits " << each->under_way.has_value() << " status " << each->last_status;
        for (const auto& each : readers_)
            out << "\n  requests left " << each->left << " waits " << each->is_under_way;
        for (auto* const each : sockets_)
            if (!each->is_ended()) out << "\n  unsent bytes " << each->unsent_bytes();
        return out.str();
    }

    void check(const endpoint_counters& counters) const {
        checks right{plan_, taken_, counters};
        for (const auto& each : clients_) right.check(*each);
        for (const auto& each : posters_) right.check(*each);
        for (const auto& each : readers_) CHECK(!each->is_wrong);
        right.check_all();
        if (plan_.has_windows && plan_.end != ending::abandon) windows_.check(plan_, taken_);
    }

    plan plan_;
    endpoint_options options_{options_of(plan_)};
    taken taken_;
    window_tables windows_;
    asio::io_context io_{1};
    Guard guard_;
    std::unique_ptr<endpoint<tcp, Guard>> server_;
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::unique_ptr<poster>> posters_;
    std::vector<std::unique_ptr<reader>> readers_;
    std::vector<nonblocking_socket*> sockets_;  ///< theirs
    std::vector<client> late_;                  ///< senders that have not connected
    std::size_t held_ = 0;        ///< senders whom the guard is to answer late, until it does
    std::uint64_t comes_at_ = 0;  ///< so many events, and somebody does who is late
    std::thread serving_;
    int waits_ = 0;  ///< since the last time that anything was sent or received
};

void run_round(std::uint64_t seed) {
    plan drawn{seed};
    CAPTURE(seed, drawn.text());
    if (drawn.guard == guarded::later)
        round_of<guard_later>{std::move(drawn)}.run();
    else
        round_of<guard_at_once>{std::move(drawn)}.run();
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

// MILLRACE_SEED repeats a round, and MILLRACE_ROUNDS runs so many from there.
TEST_CASE("whatever is configured together, nothing is lost, doubled or out of order") {
    const std::uint64_t seed = number_from("MILLRACE_SEED", std::random_device{}());
    const bool is_given = std::getenv("MILLRACE_SEED") != nullptr;
    const std::uint64_t rounds = number_from("MILLRACE_ROUNDS", is_given ? 1 : 1000);
    const bool is_bounded = std::getenv("MILLRACE_ROUNDS") == nullptr;
    const auto until = std::chrono::steady_clock::now() + 3s;
    for (std::uint64_t i = 0; i != rounds; ++i) {
        if (is_bounded && i != 0 && std::chrono::steady_clock::now() > until) break;
        run_round(seed + i);
    }
}
