// Plays the recorded readings in data/ to a traffic_server, over a WebSocket, at a multiple of real
// time. What is older than --from goes at once, so that there is a past to be seen.

#include <algorithm>
#include <array>
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
#include <vector>

#include <millrace/codec/json_encoder.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "arguments.hpp"
#include "reading.hpp"

namespace {

using namespace std::chrono_literals;
using millrace::timestamp;
using steady = std::chrono::steady_clock;

constexpr std::size_t batch_readings = 500;
constexpr std::chrono::milliseconds longest_wait = 100ms;  // until a signal is noticed

std::atomic<bool> is_stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free);

struct series {
    std::string_view file, sensor, kind;
};

constexpr std::array<series, 7> all_series{{
    {"speed_6005.csv", "speed_6005", "speed"},
    {"speed_7578.csv", "speed_7578", "speed"},
    {"speed_t4013.csv", "speed_t4013", "speed"},
    {"occupancy_6005.csv", "occupancy_6005", "occupancy"},
    {"occupancy_t4013.csv", "occupancy_t4013", "occupancy"},
    {"TravelTime_387.csv", "travel_time_387", "travel_time"},
    {"TravelTime_451.csv", "travel_time_451", "travel_time"},
}};

/// A line such as "2015-08-31 18:22:00,90".
reading parse(std::string_view line, const series& of) {
    const auto comma = std::min(line.find(','), line.size());
    const auto time = millrace::parse_rfc3339(std::string{line.substr(0, comma)} + "Z");
    double value = 0;
    const auto text = line.substr(std::min(comma + 1, line.size()));
    const auto error = std::from_chars(text.data(), text.data() + text.size(), value).ec;
    if (!time || error != std::errc{})
        throw std::runtime_error(std::string{of.file} + ": not a reading: " + std::string{line});
    return {of.sensor, of.kind, value, *time};
}

/// All series as one, by time.
std::vector<reading> load(const std::string& directory) {
    std::vector<reading> all;
    for (const series& each : all_series) {
        const std::string path = directory + "/" + std::string{each.file};
        std::ifstream file{path};
        std::string line;
        if (!std::getline(file, line)) throw std::runtime_error("cannot read " + path);
        while (std::getline(file, line)) all.push_back(parse(line, each));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const reading& a, const reading& b) { return a.time < b.time; });
    return all;
}

/// How many readings the server has taken since it started.
std::size_t taken_by_server(const std::string& host, std::uint16_t port) {
    const std::string text = millrace::testing::http_get(host, port, "/metrics").body;
    const std::string_view name = "\nmillrace_events_total{pipeline=\"readings\"} ";
    const auto at = text.find(name);
    std::size_t count = 0;
    if (at != std::string::npos) {
        const char* const digits = text.data() + at + name.size();
        std::from_chars(digits, text.data() + text.size(), count);
    }
    return count;
}

class replay {
public:
    replay(std::vector<reading> readings, const arguments& options)
        : readings_{std::move(readings)},
          host_{options.text("host")},
          port_{options.number<std::uint16_t>("port")},
          speed_{options.number<double>("speed")} {
        const auto from = millrace::parse_rfc3339(options.text("from"));
        if (!from) throw std::invalid_argument("--from: not a time such as 2015-09-09T00:00:00Z");
        if (!(speed_ > 0)) throw std::invalid_argument("--speed: not above 0");
        now_ = *from;
    }

    void run() {
        auto wait = 100ms;
        while (!is_stopped && sent_ < readings_.size()) {
            try {
                millrace::testing::websocket_client server{host_, port_, "/readings"};
                // A server that was restarted has forgotten its open hours and what its detectors
                // had learned: it gets everything again.
                sent_ = std::min(sent_, taken_by_server(host_, port_));
                std::cout << "connected, going on behind reading " << sent_ << std::endl;
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
        std::cout << "sent " << sent_ << " of " << readings_.size() << " readings" << std::endl;
    }

private:
    void play(millrace::testing::websocket_client& server) {
        // The stream's time stands still while there is no connection.
        const timestamp begin = now_;
        const auto connected = steady::now();
        while (!is_stopped && sent_ < readings_.size()) {
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

    /// One message: a reading, or an array of them where several are due.
    bool send_what_is_due(millrace::testing::websocket_client& server) {
        std::size_t end = sent_;
        std::string message;
        while (end < readings_.size() && readings_[end].time < now_ &&
               end - sent_ < batch_readings) {
            message += message.empty() ? '[' : ',';
            encoder_.encode(readings_[end++], message);
        }
        if (end == sent_) return false;
        if (end - sent_ == 1)
            message.erase(0, 1);
        else
            message += ']';
        server.send_text(message);
        sent_ = end;
        return true;
    }

    [[nodiscard]] std::chrono::milliseconds until_next() const {
        const std::chrono::duration<double, std::milli> stream = readings_[sent_].time - now_;
        const double wall = std::min(stream.count() / speed_, double{longest_wait.count()});
        return std::chrono::milliseconds{static_cast<int>(wall) + 1};
    }

    std::vector<reading> readings_;
    millrace::json_encoder<reading> encoder_;
    std::string host_;
    std::uint16_t port_;
    double speed_;
    timestamp now_;
    std::size_t sent_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
    std::signal(SIGINT, [](int) { is_stopped = true; });
    std::signal(SIGTERM, [](int) { is_stopped = true; });
    const arguments options{argc,
                            argv,
                            {{"host", "127.0.0.1"},
                             {"port", "8080"},
                             {"from", "2015-09-09T00:00:00Z"},
                             {"speed", "1800"},
                             {"data", TRAFFIC_DATA}}};
    replay{load(options.text("data")), options}.run();
} catch (const std::exception& error) {
    std::cerr << "traffic_replay: " << error.what() << '\n';
    return 1;
}
