#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <ratio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/codec/json.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "nonblocking_peer.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using duration_100_ms = std::chrono::duration<std::int64_t, std::ratio<1, 10>>;

constexpr const char* loops_variable = "MILLRACE_TEST_LOOPS";
constexpr const char* pipe_variable = "MILLRACE_TEST_PIPE";

const std::vector<std::string> topics{"tumbling", "corrected", "sliding", "sessions", "by_count"};

auto every_window() {
    const auto totals = [](auto... size) {
        return window(size...) | process<summary<count, sum<&trade::price>>>();
    };
    return from<trade>("trades") | key_by("symbol", &trade::symbol) |
           tee(totals(tumbling{100ms}, drop_late) | publish("tumbling")) |
           tee(totals(tumbling{100ms}, lateness{20ms}, drop_late) | publish("corrected")) |
           tee(totals(sliding{300ms, 100ms}, drop_late) | publish("sliding")) |
           tee(totals(session{15ms}, drop_late) | publish("sessions")) |
           totals(tumbling_count{10}) | publish("by_count");
}

/// An event, and when it comes.
struct fed_trade {
    trade event;
    timestamp comes;
};

/// Some seconds of trades of the present, a tenth of them late; behind the last all windows are
/// over.
std::vector<fed_trade> random_trades(unsigned seed, timestamp begin) {
    std::mt19937 random{seed};
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    std::vector<fed_trade> all;
    timestamp now = begin;
    while (now < begin + 3200ms) {
        now += std::chrono::microseconds{below(4) == 0 ? below(30'000) : below(4000)};
        const auto back = std::chrono::milliseconds{below(5) == 0 ? below(150) : below(8)};
        all.push_back({{below(2)   ? "A"
                        : below(2) ? "B"
                                   : "C",
                        static_cast<double>(below(100)), 1, now - back},
                       now});
    }
    all.push_back({{"A", 1, 1, now + 700ms}, now + 700ms});
    return all;
}

/// Of each topic, in the order in which they came.
using finals = std::map<std::string, std::vector<std::string>, std::less<>>;

/// A final record, without what tells whether there were any before it.
void note(finals& to, std::string_view topic, std::string record) {
    if (record.find(R"("final":true)") == record.npos) return;
    for (const std::string_view name : {R"("change")", R"("revision")"}) {
        const auto at = record.find(name);
        record.erase(at, record.find(',', at) + 1 - at);
    }
    to[std::string{topic}].push_back(std::move(record));
}

/// By key and start.
using counted = std::map<std::pair<std::string, timestamp>, std::uint64_t>;

struct note_finals {
    finals* to;
    counted* tumbling;

    template <class Record>
    void operator()(std::string_view topic, const Record& record) const {
        if (topic == "tumbling" && record.is_final)
            tumbling->emplace(std::pair{record.key, record.window.start}, at<"count">(record));
        std::string text;
        json::encoder<Record>{"symbol"}.encode(record, text);
        note(*to, topic, std::move(text));
    }
};

/// What is in the windows of 100 ms, but for the last.
counted batch(const std::vector<fed_trade>& trades) {
    counted all;
    timestamp watermark{};
    for (const auto& [event, comes] : trades) {
        const timestamp start = std::chrono::floor<duration_100_ms>(event.time);
        watermark = std::max(watermark, event.time);
        if (start + 100ms > watermark) ++all[{std::string{event.symbol}, start}];
    }
    std::erase_if(all, [&](const auto& each) { return each.first.second + 100ms > watermark; });
    return all;
}

/// By the manual clock, with a silence in the middle.
finals by_hand(const std::vector<fed_trade>& trades) {
    finals out;
    counted tumbling;
    manual_clock time{trades.front().comes};
    auto running = start(every_window(), note_finals{&out, &tumbling}, clock_view{time});
    for (std::size_t i = 0; i != trades.size(); ++i) {
        const auto pause = i == trades.size() / 2 ? 30s : 0s;
        time.advance(std::max<duration>(trades[i].comes - time.wall(), pause));
        if (pause != 0s) {
            running.tick();
            time.advance(pause);
            running.tick();
        }
        running.tick();
        REQUIRE(running.push(trades[i].event) == errc{});
    }
    CHECK(tumbling == batch(trades));
    return out;
}

/// This program again, as a server with so many loops, and its clients.
class server_process {
public:
    explicit server_process(int loops, bool is_to_pause) : pauses{is_to_pause} {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        setenv(loops_variable, std::to_string(loops).c_str(), 1);
        setenv(pipe_variable, std::to_string(ends[1]).c_str(), 1);
        std::string name = "test", which = "a server runs until it is ended";
        std::string out = "--out", nowhere = "/dev/null";
        char* const arguments[] = {name.data(), which.data(), out.data(), nowhere.data(), nullptr};
        REQUIRE(posix_spawn(&id_, "/proc/self/exe", nullptr, nullptr, arguments, environ) == 0);
        ::close(ends[1]);
        std::uint16_t port = 0;
        const auto size = ::read(ends[0], &port, sizeof port);
        ::close(ends[0]);
        REQUIRE(size == sizeof port);
        for (const auto& topic : topics) {
            auto& follower = add(port, topic);
            follower.on_message = [this, topic](std::string_view record) {
                note(seen, topic, std::string{record});
            };
        }
        sender = &add(port, "trades");
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process() {
        if (id_ != 0) end(SIGKILL);
    }

    void tell(int signal) const { ::kill(id_, signal); }
    int end(int signal) {
        tell(signal);
        int status = 0;
        ::waitpid(std::exchange(id_, 0), &status, 0);
        return status;
    }

    std::vector<std::unique_ptr<nonblocking_peer>> sockets;
    nonblocking_peer* sender;
    finals seen;
    const bool pauses;

private:
    nonblocking_peer& add(std::uint16_t port, const std::string& path) {
        return *sockets.emplace_back(std::make_unique<nonblocking_peer>(
            port, nonblocking_peer::settings{.target = "/" + path}));
    }

    pid_t id_ = 0;
};

class servers {
public:
    servers() {
        for (const int loops : {1, 3})
            for (const bool is_to_pause : {false, true})
                all.push_back(std::make_unique<server_process>(loops, is_to_pause));
        for (const auto& each : all)
            for (const auto& socket : each->sockets) sockets_.push_back(socket.get());
    }

    template <class Condition>
    void pump_until(Condition is_reached) {
        while (!is_reached()) {
            bool is_any = false;
            for (auto* const each : sockets_) is_any = each->pump() || is_any;
            if (!is_any) wait_for_one(sockets_);
        }
    }

    void connect() {
        pump_until([this] {
            return std::all_of(sockets_.begin(), sockets_.end(), [](auto* each) {
                return static_cast<nonblocking_peer*>(each)->is_upgraded();
            });
        });
    }

    void send(const trade& one) {
        const auto text = R"({"symbol":")" + std::string{one.symbol} + R"(","price":)" +
                          std::to_string(one.price) + R"(,"size":1,"time":)" +
                          std::to_string(one.time.time_since_epoch().count()) + "}";
        for (const auto& each : all) each->sender->send(text);
    }

    void tell_those_that_pause(int signal) {
        for (const auto& each : all)
            if (each->pauses) each->tell(signal);
    }

    std::vector<std::unique_ptr<server_process>> all;

private:
    std::vector<nonblocking_socket*> sockets_;
};

}  // namespace

TEST_CASE("a server runs until it is ended", "[.]") {
    endpoint<> server{
        {.port = 0, .loops = static_cast<std::size_t>(std::atoi(std::getenv(loops_variable)))}};
    server.serve(every_window());
    const std::uint16_t port = server.port();
    const int to = std::atoi(std::getenv(pipe_variable));
    REQUIRE(::write(to, &port, sizeof port) == sizeof port);
    ::close(to);
    server.run();
}

TEST_CASE("in real time, behind a pause of the process and by the manual clock results are one") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    servers fed;
    fed.connect();
    const system_clock present;
    const auto trades = random_trades(seed, present.wall());
    const auto expected = by_hand(trades);
    const timestamp pause = present.wall() + 300ms, go_on = pause + 2500ms;
    enum { before, within, behind } at = before;
    for (const auto& [event, comes] : trades) {
        fed.pump_until([&, comes = comes] {
            const timestamp now = present.wall();
            if (at == before && now >= pause) {
                fed.tell_those_that_pause(SIGSTOP);
                at = within;
            } else if (at == within && now >= go_on) {
                fed.tell_those_that_pause(SIGCONT);
                at = behind;
            }
            return now >= comes;
        });
        fed.send(event);
    }
    for (const auto& topic : topics) {
        CAPTURE(topic);
        REQUIRE(expected.contains(topic));
        const auto& wanted = expected.at(topic);
        CHECK(wanted.size() > 40);
        for (const auto& each : fed.all) {
            CAPTURE(each->pauses);
            const auto deadline = present.elapsed() + 30s;
            const auto& out = each->seen[topic];
            fed.pump_until(
                [&] { return out.size() >= wanted.size() || present.elapsed() > deadline; });
            CHECK(out == wanted);
        }
    }
    for (const auto& each : fed.all) CHECK(each->end(SIGTERM) == 0);
}
