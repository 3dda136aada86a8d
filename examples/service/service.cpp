// A service as an operator wants it: settings from the environment, started by systemd (see
// prices.service beside this), with a log, an access log and a watchdog.
//
//     PRICES_ADDRESS       where to listen: 127.0.0.1; "systemd:" takes systemd's socket
//     PRICES_PORT          8080
//     PRICES_LOOPS         1
//     PRICES_TOKENS        who may connect, as "name:token,name:token"; if empty, all but
//                          pages of other origins
//     PRICES_ACCESS_LOG    a file, opened anew at SIGHUP; /dev/null for none
//
//     ws://127.0.0.1:8080/trades takes trades, ws://127.0.0.1:8080/prices streams the seconds

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <millrace/endpoint/file_access_log.hpp>
#include <millrace/endpoint/stderr_log.hpp>
#include <millrace/millrace.hpp>

#include "environment.hpp"
#include "systemd.hpp"

using namespace std::chrono_literals;

struct trade {
    std::string_view symbol;
    double price, size;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(
    millrace::field{"symbol", &trade::symbol}, millrace::field{"price", &trade::price},
    millrace::field{"size", &trade::size}, millrace::event_time{"time", &trade::time});

namespace {

/// "name:token,name:token"
std::vector<millrace::known_token> tokens_from(std::string_view text) {
    std::vector<millrace::known_token> tokens;
    while (!text.empty()) {
        const auto one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        const auto colon = one.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon + 1 == one.size())
            throw std::invalid_argument("PRICES_TOKENS: \"name:token,name:token\" is expected");
        tokens.push_back({.token = std::string{one.substr(colon + 1)},
                          .principal = std::string{one.substr(0, colon)}});
    }
    return tokens;
}

/// Who may connect: whoever has a token; where there are none, all but pages of other origins.
struct token_or_origin {
    std::vector<millrace::known_token> tokens;
    millrace::bearer_guard with_token{tokens};
    millrace::origin_guard without{};

    millrace::verdict admit(const millrace::http::request& request, std::string_view address) {
        return tokens.empty() ? millrace::verdict{without.admit(request, address)}
                              : with_token.admit(request, address);
    }
};

/// Tells systemd's watchdog, from the endpoint's own loop, that this still turns.
class watchdog {
public:
    explicit watchdog(asio::io_context& io) : timer_{io}, interval_{watchdog_interval()} {
        if (interval_ > 0us) tell();
    }
    void stop() { timer_.cancel(); }

private:
    void tell() {
        notify_systemd("WATCHDOG=1");
        timer_.expires_after(interval_);
        timer_.async_wait([this](std::error_code error) {
            if (!error) tell();
        });
    }

    asio::steady_timer timer_;
    std::chrono::microseconds interval_;
};

}  // namespace

int main() try {
    using millrace::from, millrace::key_by, millrace::window, millrace::process, millrace::publish;

    auto prices = from<trade>("trades") | key_by(&trade::symbol) |
                  window(millrace::tumbling{1s}, millrace::lateness{250ms}, millrace::drop_late) |
                  process<millrace::ohlc<&trade::price, &trade::size>>() | publish("prices");

    using server = millrace::endpoint<millrace::tcp, token_or_origin, millrace::prometheus_metrics,
                                      millrace::system_clock, millrace::file_access_log>;
    asio::io_context io;
    const millrace::file_access_log accesses{text_from("PRICES_ACCESS_LOG", "/dev/null")};
    server endpoint{io,
                    {.port = number_from<std::uint16_t>("PRICES_PORT", 8080),
                     .address = text_from("PRICES_ADDRESS", "127.0.0.1"),
                     .loops = number_from<std::size_t>("PRICES_LOOPS", 1),
                     .log = millrace::stderr_log{}},
                    {},
                    {tokens_from(text_from("PRICES_TOKENS", ""))},
                    {},
                    accesses};
    endpoint.serve(std::move(prices));

    watchdog dog{io};
    asio::signal_set signals{io, SIGINT, SIGTERM, SIGHUP};
    std::function<void()> wait_for_signal = [&] {
        signals.async_wait([&](std::error_code error, int signal) {
            if (error) return;
            if (signal == SIGHUP) {
                accesses.reopen();
                return wait_for_signal();
            }
            notify_systemd("STOPPING=1");
            dog.stop();
            endpoint.stop();
            signals.clear();  // a second one ends it at once
        });
    };
    wait_for_signal();

    notify_systemd("READY=1");
    io.run();
} catch (const std::exception& error) {
    std::cerr << "prices: " << error.what() << '\n';
    return 2;
}
