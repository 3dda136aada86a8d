// Bars of one second from an exchange's public trades, printed as they close. The messages are of
// this form, with prices and quantities as text and the time in milliseconds:
//
//     {"e":"trade","s":"BTCUSDT","p":"96000.10","q":"0.5","T":1700000000123}
//
//     exchange_feed ws://127.0.0.1:9000/ws
//     exchange_feed wss://exchange.example/ws
//     exchange_feed wss://127.0.0.1:9443/ws authority.pem
//
// wss:// needs millrace::tls, which is linked where OpenSSL is there. The last argument names who
// may have issued the server's certificate, if not an authority that the system trusts.

#include <charconv>
#include <exception>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
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

/// Prints bars until the exchange says 1000; whatever else ends a connection, there is another one.
template <class Transport>
void run(const std::string& address, Transport wire) {
    auto bars = start(from<wire_trade>("trades") | map(parse) | key_by(&trade::symbol) |
                          window(tumbling{1s}, lateness{0ms}, drop_late) |
                          process<ohlc<&trade::price, &trade::size>>() | publish("bars"),
                      [](const auto& bar) {
                          std::cout << bar.key << " open " << at<"open">(bar) << " high "
                                    << at<"high">(bar) << " low " << at<"low">(bar) << " close "
                                    << at<"close">(bar) << " volume " << at<"volume">(bar)
                                    << std::endl;
                      });

    from_websocket<decltype(bars), Transport>* running = nullptr;
    client_handlers handlers;
    handlers.on_error = [](std::error_code error) { std::cerr << error.message() << std::endl; };
    handlers.on_close = [&](websocket::close_code code, std::string_view, bool) {
        if (code == websocket::close_code::normal) running->stop();
    };
    from_websocket feed{
        bars,
        {.url = address},
        {R"({"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@trade"],"id":1})"},
        handlers,
        wire};
    running = &feed;
    feed.run();
    bars.finish();
}

#ifdef MILLRACE_WITH_TLS
constexpr bool has_tls = true;

void run_over_tls(const std::string& address, const std::string& ca_file) {
    run(address, tls{{.ca_file = ca_file}});
}
#else
constexpr bool has_tls = false;

void run_over_tls(const std::string& address, const std::string&) {
    throw std::runtime_error(address +
                             " needs TLS, which this program was built without: install "
                             "OpenSSL's development files and build it again");
}
#endif

int main(int count, char** arguments) try {
    const std::string address = count > 1 ? arguments[1] : "ws://127.0.0.1:9000/ws";
    const std::string ca_file = count > 2 ? arguments[2] : "";
    if (address == "--help") {
        std::cout << "exchange_feed [ws://HOST:PORT/PATH | wss://HOST:PORT/PATH [CA_FILE]]\n"
                  << (has_tls ? "wss:// is there\n" : "wss:// is not there: built without TLS\n");
        return 0;
    }
    const auto parsed = http::url::parse(address);
    if (parsed && parsed->is_secure) {
        run_over_tls(address, ca_file);
    } else {
        run(address, tcp{});
    }
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
