// Plays a simulated day of trucks to a fleet_server, over a WebSocket, at a multiple of real time.
// What is older than the first --past minutes goes at once, so that there is something to be seen.
// With --to FILE the positions go there instead, a line each, in the order of their arrival.

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <millrace/codec/json_encoder.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "arguments.hpp"
#include "events.hpp"
#include "simulation.hpp"

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t batch_positions = 500;
constexpr std::chrono::milliseconds longest_wait = 100ms;  // until a signal is noticed

std::atomic<bool> is_stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free);

/// How many positions the server has taken since it started.
std::size_t taken_by_server(const std::string& host, std::uint16_t port) {
    const std::string text = millrace::testing::http_get(host, port, "/metrics").body;
    const std::string_view name =
        "\nmillrace_stage_events_in_total{pipeline=\"positions+routes\",stage=\"1_from\"} ";
    const auto at = text.find(name);
    std::size_t count = 0;
    if (at != std::string::npos)
        std::from_chars(text.data() + at + name.size(), text.data() + text.size(), count);
    return count;
}

class feeder {
public:
    feeder(const simulation& day, const arguments& options)
        : reports_{day.reports()},
          host_{options.text("host")},
          port_{options.number<std::uint16_t>("port")},
          speed_{options.number<double>("speed")},
          now_{simulation::begin + std::chrono::minutes{options.number<int>("past")}} {
        if (!(speed_ > 0)) throw std::invalid_argument("--speed: not above 0");
    }

    void run() {
        auto wait = 100ms;
        while (!is_stopped && sent_ < reports_.size()) {
            try {
                millrace::testing::websocket_client server{host_, port_, "/positions"};
                // A server that was restarted has forgotten everything, and gets it again.
                sent_ = std::min(sent_, taken_by_server(host_, port_));
                std::cout << "connected, going on behind position " << sent_ << std::endl;
                wait = 100ms;
                play(server);
                server.close();
            } catch (const std::system_error& error) {
                std::cout << error.what() << ", trying again" << std::endl;
                for (const auto end = steady::now() + wait; !is_stopped && steady::now() < end;)
                    std::this_thread::sleep_for(longest_wait);
                wait = std::min(wait * 2, std::chrono::milliseconds{5s});
            }
        }
        std::cout << "sent " << sent_ << " of " << reports_.size() << " positions" << std::endl;
    }

private:
    void play(millrace::testing::websocket_client& server) {
        // The day stands still while there is no connection.
        const millrace::timestamp begin = now_;
        const auto connected = steady::now();
        while (!is_stopped && sent_ < reports_.size()) {
            const std::chrono::duration<double, std::nano> wall = steady::now() - connected;
            const auto passed = static_cast<std::int64_t>(std::min(wall.count() * speed_, 9e18));
            now_ = millrace::saturated_add(begin, millrace::duration{passed});
            const bool is_due = send_what_is_due(server);
            // Receiving answers the server's pings.
            while (const auto message = server.receive(is_due ? 0ms : until_next())) {
                if (message->op == millrace::websocket::opcode::close)
                    throw std::system_error(make_error_code(millrace::errc::connection_lost));
                std::cout << message->payload << std::endl;
            }
        }
    }

    bool send_what_is_due(millrace::testing::websocket_client& server) {
        std::size_t end = sent_;
        std::string message;
        while (end < reports_.size() && reports_[end].arrival <= now_ &&
               end - sent_ < batch_positions) {
            message += message.empty() ? '[' : ',';
            encoder_.encode(reports_[end++].at, message);
        }
        if (end == sent_) return false;
        server.send_text(message + ']');
        sent_ = end;
        return true;
    }

    [[nodiscard]] std::chrono::milliseconds until_next() const {
        const std::chrono::duration<double, std::milli> stream = reports_[sent_].arrival - now_;
        const double wall = std::min(stream.count() / speed_, double{longest_wait.count()});
        return std::chrono::milliseconds{static_cast<int>(wall) + 1};
    }

    const std::vector<simulation::report>& reports_;
    millrace::json_encoder<position> encoder_;
    std::string host_;
    std::uint16_t port_;
    double speed_;
    millrace::timestamp now_;
    std::size_t sent_ = 0;
};

void write(const simulation& day, const std::string& path) {
    std::ofstream file{path};
    millrace::json_encoder<position> encoder;
    std::string line;
    for (const simulation::report& one : day.reports()) {
        line.clear();
        encoder.encode(one.at, line);
        file << line << '\n';
    }
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) try {
    std::signal(SIGINT, [](int) { is_stopped = true; });
    std::signal(SIGTERM, [](int) { is_stopped = true; });
    const arguments options{argc,
                            argv,
                            {{"host", "127.0.0.1"},
                             {"port", "8080"},
                             {"speed", "120"},
                             {"minutes", "1440"},
                             {"past", "180"},
                             {"to", ""},
                             {"files", FLEET_DIRECTORY}}};
    const simulation day{options.text("files") + "/data/routes.csv",
                         std::chrono::minutes{options.number<int>("minutes")}};
    if (options.text("to").empty())
        feeder{day, options}.run();
    else
        write(day, options.text("to"));
} catch (const std::exception& error) {
    std::cerr << "fleet_feeder: " << error.what() << '\n';
    return 1;
}
