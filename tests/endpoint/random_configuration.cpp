#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <poll.h>

#include <millrace/analyzers/sum.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

#include "catch.hpp"
#include "nonblocking_peer.hpp"
#include "reading.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using millrace::websocket::close_code;

namespace {

constexpr std::size_t max_senders = 5;
constexpr std::uint64_t poison = 1'000'000'000;

enum class guarded { by_nobody, by_origin, by_bearer, later };
enum class compressed { never, each_alone, with_context };
enum class ending { when_settled, stop_early, drain_early, stop_twice, abandon };

/// What is drawn for one round.
struct plan {
    explicit plan(std::uint64_t seed) : random{seed} {
        loops = 1 + below(3);
        has_duplex = below(3) != 0;
        event_cost = std::chrono::microseconds{std::array{0, 2, 20, 60}[below(4)]};
        hangs = below(3) == 0;
        guard = static_cast<guarded>(below(4));
        compression = static_cast<compressed>(below(3));
        policy = static_cast<overflow_policy>(below(3));
        keeps_pace = below(hangs ? 4 : 2) == 0;
        end = below(2) == 0 ? ending::when_settled : static_cast<ending>(below(5));
        senders = 1 + below(max_senders);
        events = hangs && !keeps_pace ? 3000 : 200 + below(keeps_pace ? 600 : 1500);
        if (hangs) event_cost = std::min(event_cost, std::chrono::microseconds{2});
        slow_followers = below(3);
        followers = 1 + below(3);
        has_memory = below(4) != 0;
    }

    std::size_t below(std::size_t n) { return random() % n; }

    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        out << "loops " << loops << ", duplex " << has_duplex << ", event cost "
            << event_cost.count() << " us, hangs " << hangs << ", guard " << static_cast<int>(guard)
            << ", compression " << static_cast<int>(compression) << ", policy "
            << static_cast<int>(policy) << ", keeps pace " << keeps_pace << ", ending "
            << static_cast<int>(end) << ", " << senders << " senders of " << events
            << ", has memory " << has_memory << ", followers " << followers << ", slow "
            << slow_followers;
        return out.str();
    }

    std::mt19937_64 random;
    std::size_t loops;
    bool has_duplex;
    std::chrono::microseconds event_cost;
    bool hangs;  ///< the pipeline does, until nothing more can be sent to it
    guarded guard;
    compressed compression;
    overflow_policy policy;
    bool keeps_pace;  ///< no sender is so far ahead that a follower who reads could be too slow
    ending end;
    std::size_t senders;
    std::uint64_t events;  ///< of each sender
    std::size_t slow_followers;
    std::size_t followers;
    bool has_memory;  ///< else connections are ended for what they hold
};

class guard_at_once {
public:
    explicit guard_at_once(const plan& of) {
        if (of.guard == guarded::by_origin) guard_.emplace<origin_guard>();
        if (of.guard == guarded::by_bearer)
            guard_.emplace<bearer_guard>(std::vector<known_token>{{"secret", "somebody"}});
    }
    verdict admit(const http::request& request, std::string_view address) {
        return std::visit([&](auto& each) { return verdict{each.admit(request, address)}; },
                          guard_);
    }

private:
    std::variant<open_guard, origin_guard, bearer_guard> guard_;
};

/// Answers from a thread of each request's own.
class guard_later {
public:
    explicit guard_later(const plan&) {}
    void admit(std::shared_ptr<const http::request> request, std::string, verdict_handler reply) {
        asking_->emplace_back([request = std::move(request), reply = std::move(reply)] {
            reply(request->query("token") == "secret" ? verdict::pass("somebody")
                                                      : verdict{errc::unauthorized, "who?"});
        });
    }
    void join() {
        for (auto& each : *asking_) each.join();
    }

private:
    std::shared_ptr<std::vector<std::thread>> asking_ =
        std::make_shared<std::vector<std::thread>>();
};

/// What the pipeline took, by sender. Only its own thread changes it.
struct taken {
    std::array<std::atomic<std::uint64_t>, max_senders> last{};
    std::atomic<int> disordered = 0;
    std::atomic<bool> may_go_on = false;

    void go_on() {
        may_go_on = true;
        may_go_on.notify_all();
    }
};

/// The number of the sender in the name that `name_of` makes.
std::size_t number_in(std::string_view sensor) {
    return static_cast<std::size_t>(sensor.at(7) - '0');
}

std::string name_of(std::size_t number) {
    return "sensor " + std::to_string(number) + " with a name of some length";
}

auto sums(const plan& of, taken& to) {
    return from<reading>("readings") | filter([cost = of.event_cost, &to](const reading& r) {
               to.may_go_on.wait(false);
               if (r.value == poison) throw std::runtime_error{"poison"};
               const auto until = std::chrono::steady_clock::now() + cost;
               while (std::chrono::steady_clock::now() < until) {
               }
               auto& last = to.last.at(number_in(r.sensor));
               if (r.value != last + 1) ++to.disordered;
               last = r.value;
               return true;
           }) |
           key_by(&reading::sensor) | process<sum<&reading::value>>() | publish("sums");
}

endpoint_options options_of(const plan& of) {
    endpoint_options options{.port = 0,
                             .address = "127.0.0.1",
                             .loops = of.loops,
                             .outbox_bytes = 256 * 1024,
                             .when_full = of.policy,
                             .outbox_high_water = 192 * 1024,
                             .outbox_low_water = 32 * 1024,
                             .handle_signals = false};
    if (!of.has_memory) options.max_memory_bytes = 512 * 1024;
#ifdef MILLRACE_WITH_DEFLATE
    if (of.compression != compressed::never) {
        const bool is_alone = of.compression == compressed::each_alone;
        options.compression =
            std::make_shared<websocket::permessage_deflate>(websocket::deflate_options{
                .server_no_context_takeover = is_alone, .client_no_context_takeover = is_alone});
    }
#endif
    return options;
}

/// One connection: a sender, a follower of all or of one key, or both.
struct client {
    std::unique_ptr<nonblocking_peer> peer{};
    std::optional<std::size_t> sends_as{};
    std::uint64_t sent = 0;       ///< events so far
    std::uint64_t kill_at = 0;    ///< so many events or records; 0: never
    std::uint64_t poison_at = 0;  ///< an operator throws behind so many events; 0: never
    bool is_killed = false;
    bool follows = false;
    bool is_slow = false;  ///< reads nothing until the end
    std::optional<std::size_t> key{};
    std::array<std::uint64_t, max_senders> received{};  ///< the last event in each sender's sum
    std::uint64_t records = 0;
    bool has_gap = false;
    bool is_wrong = false;

    [[nodiscard]] bool is_lost() const { return is_killed || peer->is_ended() || peer->closed(); }
    [[nodiscard]] bool is_reader() const { return follows && !is_slow && !is_lost(); }

    void on_message(std::string_view text) {
        const auto at_sum = text.find(R"("sum":)");
        if (text.starts_with(R"({"error")")) return;
        const auto sensor = text.find(":\"sensor ");
        if (at_sum == std::string_view::npos || sensor == std::string_view::npos) {
            is_wrong = true;
            return;
        }
        ++records;
        const std::size_t number = number_in(text.substr(sensor + 2));
        const auto total = std::strtoull(std::string{text.substr(at_sum + 6)}.c_str(), nullptr, 10);
        std::uint64_t& last = received.at(number);
        const std::uint64_t before = last;
        while (last * (last + 1) / 2 < total) ++last;
        is_wrong =
            is_wrong || last == before || last * (last + 1) / 2 != total || (key && *key != number);
        has_gap = has_gap || last != before + 1;
    }
};

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
        server_->serve(sums(plan_, taken_), how);
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
    /// Records on their way to a loop that does not run for a moment, each in a batch of its own,
    /// stay below what a record_queue holds.
    static constexpr std::uint64_t max_under_way = 50;

    void connect() {
        for (std::size_t i = 0; i != plan_.followers + plan_.slow_followers; ++i) {
            client each{.follows = true, .is_slow = i >= plan_.followers};
            if (plan_.below(3) == 0) each.key = plan_.below(plan_.senders);
            if (plan_.below(5) == 0) each.kill_at = 1 + plan_.below(100);
            const bool takes_duplex = plan_.has_duplex && plan_.below(2) == 0;
            add(std::move(each), takes_duplex ? "/ws" : "/sums");
        }
        for (std::size_t i = 0; i != plan_.senders; ++i) {
            client each{.sends_as = i};
            each.follows = plan_.has_duplex && plan_.below(2) == 0;
            if (plan_.below(4) == 0) each.kill_at = 1 + plan_.below(plan_.events);
            if (plan_.below(5) == 0) each.poison_at = 1 + plan_.below(plan_.events);
            add(std::move(each), each.follows ? "/ws" : "/readings");
        }
        pump_until([this] {
            return std::ranges::all_of(clients_, [](auto& c) { return c->peer->is_upgraded(); });
        });
        for (const auto& each : clients_) each->peer->is_paused = each->is_slow;
    }

    void add(client made, std::string target) {
        auto& each = *clients_.emplace_back(std::make_unique<client>(std::move(made)));
        target += "?token=secret";
        if (each.key) target += "&key=" + encoded(name_of(*each.key));
        each.peer = std::make_unique<nonblocking_peer>(
            server_->port(),
            nonblocking_peer::settings{
                .target = target,
                .extra_headers = "Authorization: Bearer secret\r\n",
                .deflate = plan_.below(3) != 0 ? options_.compression.get() : nullptr,
                .has_small_buffers = each.is_slow});
        each.peer->on_message = [&each](std::string_view text) { each.on_message(text); };
    }

    static std::string encoded(std::string text) {
        for (std::size_t at; (at = text.find(' ')) != std::string::npos;)
            text.replace(at, 1, "%20");
        return text;
    }

    /// Until all is sent and taken or, where the end is early, some of it.
    void work() {
        const std::uint64_t enough = 1 + plan_.below(plan_.events * plan_.senders);
        pump_until([&] {
            std::uint64_t all = 0;
            bool is_done = true;
            for (const auto& each : clients_) {
                if (each->sends_as) is_done = step(*each) && is_done;
                all += each->sent;
                if (each->kill_at != 0 && !each->sends_as && each->records >= each->kill_at)
                    kill(*each);
            }
            if (is_stuck() && plan_.end == ending::when_settled) taken_.go_on();
            if (plan_.end != ending::when_settled) return is_done || is_stuck() || all >= enough;
            return is_done && (!plan_.keeps_pace || have_readers_all());
        });
    }

    /// True once all of a sender's events are taken, or it is gone.
    bool step(client& of) {
        if (of.is_lost()) return true;
        const std::uint64_t goal = of.poison_at != 0 ? of.poison_at : plan_.events;
        if (of.kill_at != 0 && of.sent >= of.kill_at) {
            kill(of);
            return true;
        }
        // Who is to be closed waits for that.
        if (of.sent > goal) return false;
        if (of.sent == goal && of.poison_at == 0) return taken_.last[*of.sends_as] == goal;
        if (of.peer->unsent_bytes() > 16 * 1024) return false;
        if (plan_.keeps_pace && of.sent >= slowest(*of.sends_as) + max_under_way / plan_.senders)
            return false;
        send_some(of, goal);
        return false;
    }

    void send_some(client& of, std::uint64_t goal) {
        const std::uint64_t count =
            std::min<std::uint64_t>(goal - of.sent, 1 + plan_.below(plan_.below(4) == 0 ? 50 : 4));
        std::string message = "[";
        for (std::uint64_t i = 0; i != count; ++i) {
            if (plan_.below(20) == 0) message += "{},";
            message += event(of, ++of.sent) + ",";
        }
        if (of.sent == of.poison_at) {
            message += event(of, poison) + "," + event(of, ++of.sent) + ",";
        }
        message.back() = ']';
        of.peer->send(message, plan_.below(10) == 0 ? plan_.below(message.size()) : 0);
    }

    static std::string event(const client& of, std::uint64_t value) {
        return R"({"sensor":")" + name_of(*of.sends_as) + R"(","value":)" + std::to_string(value) +
               R"(,"time":)" + std::to_string(value) + "}";
    }

    void kill(client& of) {
        if (std::exchange(of.is_killed, true)) return;
        of.peer->kill(plan_.below(2) == 0);
    }

    /// Of a sender's events, those that each reader has.
    [[nodiscard]] std::uint64_t slowest(std::size_t sender) const {
        std::uint64_t least = taken_.last[sender];
        for (const auto& each : clients_)
            if (each->is_reader() && (!each->key || *each->key == sender))
                least = std::min(least, each->received[sender]);
        return least;
    }

    [[nodiscard]] bool have_readers_all() const {
        for (std::size_t i = 0; i != plan_.senders; ++i)
            if (slowest(i) != taken_.last[i]) return false;
        return true;
    }

    void end() {
        if (plan_.end == ending::when_settled)
            for (const auto& each : clients_)
                if (each->is_lost()) each->is_killed = true;  // before the end
        switch (plan_.end) {
            case ending::drain_early: server_->drain(20ms); break;
            case ending::abandon: io_.stop(); break;
            case ending::stop_twice: server_->stop(); [[fallthrough]];
            default: server_->stop();
        }
        taken_.go_on();
        if (plan_.end != ending::abandon) finish_clients();
        serving_.join();
    }

    void finish_clients() {
        for (const auto& each : clients_) each->peer->is_paused = false;
        pump_until([this] {
            return std::ranges::all_of(clients_, [](auto& c) { return c->peer->is_ended(); });
        });
    }

    template <class Condition>
    void pump_until(Condition is_reached) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!is_reached()) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{state()};
            bool is_any = false;
            for (const auto& each : clients_) is_any = each->peer->pump() || is_any;
            waits_ = is_any ? 0 : waits_ + 1;
            if (!is_any) wait();
        }
    }

    /// The pipeline hangs, and nothing more can be sent to it.
    [[nodiscard]] bool is_stuck() const { return !taken_.may_go_on && waits_ > 20; }

    /// For a socket, at most a moment: what the pipeline does shows nowhere.
    void wait() {
        std::vector<pollfd> all;
        for (const auto& each : clients_)
            if (const int descriptor = each->peer->descriptor(); descriptor >= 0) {
                const short events = each->peer->unsent_bytes() != 0 ? POLLIN | POLLOUT : POLLIN;
                all.push_back({each->peer->is_paused ? -1 : descriptor, events, 0});
            }
        ::poll(all.data(), all.size(), 1);
    }

    [[nodiscard]] std::string state() const {
        std::ostringstream out;
        out << "nothing more happens:";
        for (const auto& each : clients_) {
            out << "\n ";
            if (each->sends_as)
                out << " sent " << each->sent << " taken " << taken_.last[*each->sends_as]
                    << " unsent bytes " << each->peer->unsent_bytes();
            if (each->follows) out << " records " << each->records;
            out << " slow " << each->is_slow << " lost " << each->is_lost() << " ended "
                << each->peer->is_ended() << " upgraded " << each->peer->is_upgraded() << " status "
                << each->peer->status();
        }
        return out.str();
    }

    void check(const endpoint_counters& counters) {
        const bool is_settled = plan_.end == ending::when_settled;
        CHECK(taken_.disordered == 0);
        std::uint64_t sure_errors = 0, errors = 0;
        for (const auto& each : clients_) {
            CHECK(!each->is_wrong);
            CHECK(!each->peer->error());
            if (each->sends_as) check_sender(*each, is_settled, sure_errors, errors);
            if (each->follows) check_follower(*each, is_settled, counters);
        }
        CHECK(counters.handler_errors >= sure_errors);
        CHECK(counters.handler_errors <= errors);
    }

    void check_sender(const client& each, bool is_settled, std::uint64_t& sure_errors,
                      std::uint64_t& errors) {
        const std::uint64_t last = taken_.last[*each.sends_as];
        const bool has_failed = each.poison_at != 0 && each.sent > each.poison_at;
        CHECK(last <= (has_failed ? each.poison_at : each.sent));
        errors += has_failed;
        if (has_failed && each.peer->closed() == close_code::internal_error) {
            ++sure_errors;
            CHECK(last == each.poison_at);
        } else if (is_settled && !each.is_killed) {
            CHECK(each.poison_at == 0);
            CHECK(last == plan_.events);
            if (plan_.has_memory) CHECK(each.peer->closed() == close_code::going_away);
        }
    }

    void check_follower(const client& each, bool is_settled, const endpoint_counters& counters) {
        for (std::size_t i = 0; i != plan_.senders; ++i) CHECK(each.received[i] <= taken_.last[i]);
        if (each.is_slow || each.is_killed) return;
        const bool has_lost_none =
            plan_.keeps_pace ||
            counters.frames_dropped + counters.slow_disconnects + counters.memory_ended == 0;
        if (!has_lost_none) return;
        CHECK(!each.has_gap);
        if (!is_settled || each.poison_at != 0) return;
        for (std::size_t i = 0; i != plan_.senders; ++i)
            if (!each.key || *each.key == i) CHECK(each.received[i] == taken_.last[i]);
    }

    plan plan_;
    endpoint_options options_{options_of(plan_)};
    taken taken_;
    asio::io_context io_{1};
    Guard guard_;
    std::unique_ptr<endpoint<tcp, Guard>> server_;
    std::vector<std::unique_ptr<client>> clients_;
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
