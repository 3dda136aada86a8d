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

namespace mr = millrace;
using namespace std::chrono_literals;

/// A trade as the exchange writes it.
struct wire_trade {
    std::string_view symbol, price, quantity;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<wire_trade> =
    mr::fields(mr::field{"s", &wire_trade::symbol}, mr::field{"p", &wire_trade::price},
               mr::field{"q", &wire_trade::quantity},
               mr::event_time{"T", &wire_trade::time, mr::time_format::milliseconds});

struct trade {
    std::string_view symbol;
    double price, size;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<trade> = mr::fields(mr::field{"symbol", &trade::symbol},
                                                     mr::field{"price", &trade::price},
                                                     mr::field{"size", &trade::size},
                                                     mr::event_time{"time", &trade::time});

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
    auto bars = mr::start(
        mr::from<wire_trade>("trades") | mr::map(parse) | mr::key_by(&trade::symbol) |
            mr::window(mr::tumbling{1s}, mr::lateness{0ms}, mr::drop_late) |
            mr::process<mr::ohlc<&trade::price, &trade::size>>() | mr::publish("bars"),
        [](const auto& bar) {
            std::cout << bar.key << " open " << mr::at<"open">(bar) << " high "
                      << mr::at<"high">(bar) << " low " << mr::at<"low">(bar) << " close "
                      << mr::at<"close">(bar) << " volume " << mr::at<"volume">(bar) << std::endl;
        });

    mr::from_websocket<decltype(bars), Transport>* running = nullptr;
    mr::client_handlers handlers;
    handlers.on_error = [](std::error_code error) { std::cerr << error.message() << std::endl; };
    handlers.on_close = [&](mr::websocket::close_code code, std::string_view, bool) {
        if (code == mr::websocket::close_code::normal) running->stop();
    };
    mr::from_websocket feed{
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
    run(address, mr::tls{{.ca_file = ca_file}});
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
    const auto parsed = mr::http::url::parse(address);
    if (parsed && parsed->is_secure) {
        run_over_tls(address, ca_file);
    } else {
        run(address, mr::tcp{});
    }
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
