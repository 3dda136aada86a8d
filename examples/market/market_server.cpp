// A trading desk's market data: trades and quotes come in, and out go
//
//     ws://localhost:8080/seconds, /minutes   bars, with the volume-weighted average price
//     ws://localhost:8080/volatility          each second that of the last minute, by the bars
//     ws://localhost:8080/top                 each second the ten symbols most traded in a minute
//     ws://localhost:8080/fills               trades with the quote valid at their time
//     ws://localhost:8080/spreads             each second the effective spread of the last minute
//     ws://localhost:8080/book                quotes as they come
//     ws://localhost:8080/late_trades         trades that were too late to be joined
//     http://localhost:8080/                  the page
//
// A trade that is reported up to three seconds late corrects what was published.
//
//     market_server [PORT [DATABASE [PAGE]]]

#include <charconv>
#include <cmath>
#include <exception>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/millrace.hpp>

#include "market.hpp"
#include "realised_volatility.hpp"

namespace mr = millrace;
using namespace std::chrono_literals;

using bar = mr::summary<mr::ohlc<&trade::price, &trade::size>,
                        mr::named<"vwap", mr::weighted_mean<&trade::price, &trade::size>>,
                        mr::named<"trades", mr::count>>;
using cost = mr::summary<mr::named<"spread", mr::weighted_mean<&fill::spread, &fill::size>>,
                         mr::named<"fills", mr::count>>;

fill fill_of(const trade& t, const quote* q) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    if (!q) return {t.symbol, t.price, t.size, none, none, none, t.time};
    const double middle = (q->bid + q->ask) / 2;
    const double spread = 2 * std::abs(t.price - middle) / middle * 10'000;
    return {t.symbol, t.price, t.size, q->bid, q->ask, spread, t.time};
}

std::uint16_t port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument(std::string{text} + ": not a port");
    return port;
}

int main(int count, char** arguments) try {
    const auto port = port_of(count > 1 ? arguments[1] : "8080");
    const std::string database = count > 2 ? arguments[2] : "market.db";
    const std::string page = count > 3 ? arguments[3] : MARKET_WEB;

    constexpr mr::disorder disorder{250ms};
    constexpr mr::lateness lateness{3s};
    constexpr mr::sliding last_minute{60s, 1s};
    constexpr mr::memory_options a_quarter{.capacity = 20 * 900};  // of an hour, of 20 symbols

    // clang-format off
    auto volatility = mr::final_only()
                    | mr::window(last_minute, mr::drop_late)
                    | mr::process<realised_volatility<mr::at<"close">>, mr::memory_storage>(a_quarter)
                    | mr::publish("volatility");

    auto seconds = mr::window(mr::tumbling{1s}, lateness, mr::drop_late)
                 | mr::process<bar, mr::memory_storage>(a_quarter)
                 | mr::tee(std::move(volatility))
                 | mr::publish("seconds");

    auto minutes = mr::window(mr::tumbling{1min}, lateness, mr::drop_late)
                 | mr::process<bar, mr::sqlite_storage>({.file = database})
                 | mr::publish("minutes");

    auto volumes = mr::window(last_minute, lateness, mr::drop_late)
                 | mr::process<mr::named<"volume", mr::sum<&trade::size>>>();
    auto top = mr::parallel(2, std::move(volumes))  // threads, which share the symbols
             | mr::top_n<10>(mr::at<"volume">)
             | mr::store<mr::memory_storage>({.capacity = 10 * 60})
             | mr::publish("top");

    auto trades = mr::from<trade>("trades", disorder)
                | mr::filter([](const trade& t) { return t.price > 0; })
                | mr::key_by(&trade::symbol)
                | mr::tee(std::move(seconds))
                | mr::tee(std::move(minutes))
                | mr::tee(std::move(top));

    auto quotes = mr::from<quote>("quotes", disorder)
                | mr::filter([](const quote& q) { return q.bid > 0 && q.ask > 0; })
                | mr::key_by(&quote::symbol)
                | mr::publish("book");

    auto spreads = mr::asof_join(std::move(trades), std::move(quotes), mr::within{30s}, lateness,
                                 mr::late_to("late_trades"), fill_of)
                 | mr::key_by(&fill::symbol)
                 | mr::publish("fills")
                 | mr::window(last_minute, mr::drop_late)
                 | mr::process<cost, mr::memory_storage>(a_quarter)
                 | mr::publish("spreads");
    // clang-format on

    mr::endpoint<mr::tcp> server{{.port = port, .outbox_bytes = 8 * 1024 * 1024}};
    server.serve(std::move(spreads), {.when_full = {{"book", mr::overflow_policy::conflate}}});
    server.files("/", page);

    std::cout << "http://localhost:" << server.port() << std::endl;
    server.run();
} catch (const std::exception& error) {
    std::cerr << "market_server: " << error.what() << '\n';
    return 1;
}
