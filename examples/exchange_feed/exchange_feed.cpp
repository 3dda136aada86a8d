// Bars of one second from an exchange's public trades, printed as they close. The messages are of
// this form, with prices and quantities as text and the time in milliseconds:
//
//     {"e":"trade","s":"BTCUSDT","p":"96000.10","q":"0.5","T":1700000000123}
//
//     exchange_feed ws://127.0.0.1:9000/ws
//
// For wss:// link millrace::tls and write from_websocket<decltype(bars), tls>.

#include <charconv>
#include <exception>
#include <iostream>
#include <limits>
#include <string_view>

#include <millrace/millrace.hpp>

using namespace millrace;
using namespace std::chrono_literals;

/// A trade as the exchange writes it.
struct wire_trade {
    std::string_view symbol, price, quantity;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<wire_trade> = fields(field{"s", &wire_trade::symbol},
                                                            field{"p", &wire_trade::price},
                                                            field{"q", &wire_trade::quantity},
                                                            event_time{"T", &wire_trade::time,
                                                                       time_format::milliseconds});

struct trade {
    std::string_view symbol;
    double price, size;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = fields(field{"symbol", &trade::symbol},
                                                       field{"price", &trade::price},
                                                       field{"size", &trade::size},
                                                       event_time{"time", &trade::time});

/// NaN for what is no number: `ohlc` skips it.
double number(std::string_view text) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool is_good = error == std::errc{} && stop == end;
    return is_good ? value : std::numeric_limits<double>::quiet_NaN();
}

trade parse(const wire_trade& t) { return {t.symbol, number(t.price), number(t.quantity), t.time}; }

int main(int count, char** arguments) try {
    const char* const url = count > 1 ? arguments[1] : "ws://127.0.0.1:9000/ws";

    auto bars = start(from<wire_trade>("trades") | map(parse) | key_by(&trade::symbol) |
                          window(tumbling{1s}, lateness{0ms}, drop_late) |
                          process<ohlc<&trade::price, &trade::size>>() | publish("bars"),
                      [](const auto& bar) {
                          std::cout << bar.key << " open " << at<"open">(bar) << " high "
                                    << at<"high">(bar) << " low " << at<"low">(bar) << " close "
                                    << at<"close">(bar) << " volume " << at<"volume">(bar)
                                    << std::endl;
                      });

    // The feed is over for good when the exchange says 1000; otherwise it connects again.
    from_websocket<decltype(bars)>* running = nullptr;
    client_handlers handlers;
    handlers.on_error = [](std::error_code error) { std::cerr << error.message() << std::endl; };
    handlers.on_close = [&](websocket::close_code code, std::string_view, bool) {
        if (code == websocket::close_code::normal) running->stop();
    };
    from_websocket feed{
        bars,
        {.url = url},
        {R"({"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@trade"],"id":1})"},
        handlers};
    running = &feed;
    feed.run();
    bars.finish();
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
