// Sends the made-up session of market_generator.hpp to a market_server, over two WebSockets: its
// first PAST seconds at once, so that there is a past to be seen, then at SPEED times real time.
//
//     market_feed [PORT [PAST [SPEED]]]     until Ctrl-C or the server's end
//     market_feed print SECONDS             writes what would be sent, a line an event

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <variant>

#include <millrace/codec/json_encoder.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "market_generator.hpp"

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds step = 50ms;

volatile std::sig_atomic_t is_stopped = 0;

/// The session's events as JSON, trades and quotes apart.
class session {
public:
    session() : next_{&market_.next()} {}

    /// Calls `to(trades, quotes)` with arrays of what arrives in the next span, either of which may
    /// be empty.
    template <class To>
    void advance(millrace::duration span, To&& to) {
        now_ += span;
        std::array<std::string, 2> text;
        for (; next_->at < now_; next_ = &market_.next()) {
            std::string& out = text[next_->event.index()];
            out += out.empty() ? '[' : ',';
            write(out);
        }
        for (std::string& each : text) {
            if (!each.empty()) each += ']';
        }
        to(text[0], text[1]);
    }

    void print(std::ostream& out, millrace::duration span) {
        std::string line;
        for (; next_->at < start + span; next_ = &market_.next()) {
            line.clear();
            write(line);
            out << line << '\n';
        }
    }

private:
    static constexpr millrace::timestamp start{std::chrono::sys_days{2026y / 1 / 5} + 14h + 30min};

    void write(std::string& out) const {
        if (const auto* const t = std::get_if<trade>(&next_->event)) trades_.encode(*t, out);
        if (const auto* const q = std::get_if<quote>(&next_->event)) quotes_.encode(*q, out);
    }

    market_generator market_{start};
    const market_generator::arrival* next_;
    millrace::timestamp now_ = start;
    millrace::json_encoder<trade> trades_;
    millrace::json_encoder<quote> quotes_;
};

/// Sends a message, and prints what the server says of the events before it.
void send(millrace::testing::websocket_client& to, std::string_view message) {
    if (!message.empty()) to.send_text(message);
    while (const auto answer = to.receive(0ms)) {
        if (answer->op == millrace::websocket::opcode::close)
            throw std::system_error(make_error_code(millrace::errc::connection_lost));
        std::cerr << answer->payload << std::endl;
    }
}

void feed(std::uint16_t port, double past, double speed) {
    millrace::testing::websocket_client trades{"127.0.0.1", port, "/trades"};
    millrace::testing::websocket_client quotes{"127.0.0.1", port, "/quotes"};
    const auto send_both = [&](std::string_view some_trades, std::string_view some_quotes) {
        send(trades, some_trades);
        send(quotes, some_quotes);
    };
    session market;
    for (double sent = 0; sent < past && !is_stopped; sent += 1) market.advance(1s, send_both);
    std::cout << "live" << std::endl;

    const auto begin = steady::now();
    for (seconds sent{0}; !is_stopped; sent += step) {
        std::this_thread::sleep_until(begin + std::chrono::ceil<steady::duration>(sent / speed));
        market.advance(step, send_both);
    }
    trades.close();
    quotes.close();
}

double number(const char* text, double least) {
    char* end = nullptr;
    const double value = std::strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least))
        throw std::invalid_argument(std::string{text} + ": not such a number");
    return value;
}

}  // namespace

int main(int count, char** arguments) try {
    std::signal(SIGINT, [](int) { is_stopped = 1; });
    std::signal(SIGTERM, [](int) { is_stopped = 1; });
    const auto option = [&](int place, double otherwise, double least) {
        return count > place ? number(arguments[place], least) : otherwise;
    };
    if (count > 1 && std::string_view{arguments[1]} == "print") {
        session{}.print(std::cout, std::chrono::seconds{int(option(2, 60, 0))});
    } else {
        feed(static_cast<std::uint16_t>(option(1, 8080, 1)), option(2, 2400, 0),
             option(3, 1, 0.001));
    }
} catch (const std::exception& error) {
    std::cerr << "market_feed: " << error.what() << '\n';
    return 1;
}
