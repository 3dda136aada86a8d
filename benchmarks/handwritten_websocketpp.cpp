// The contender: what one writes by hand with websocketpp's own server, a RapidJSON DOM and
// std::unordered_map. Text messages on /trades are trades,
//     {"symbol":"ABC","price":101.25,"size":100,"time":1700000000000000000}
// and each finished window of one second, in event time and by symbol, goes to all of /bars.
//
// handwritten_websocketpp [--port N]   prints the port, ends on SIGTERM with its CPU time

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

namespace {

using server = websocketpp::server<websocketpp::config::asio>;
using subscribers = std::set<websocketpp::connection_hdl, std::owner_less<>>;

constexpr std::int64_t window_ns = 1'000'000'000;
constexpr std::int64_t lateness_ns = 250'000'000;

struct bar {
    std::int64_t start = 0;
    double open = 0, high = 0, low = 0, close = 0, volume = 0;
};

class market {
public:
    market(server& sockets, const subscribers& to) : sockets_(sockets), to_(to) {}

    void on_trade(const std::string& text) {
        rapidjson::Document trade;
        trade.Parse(text.data(), text.size());
        if (trade.HasParseError() || !trade.IsObject()) return refuse();
        const auto symbol = trade.FindMember("symbol");
        const auto price = trade.FindMember("price");
        const auto size = trade.FindMember("size");
        const auto time = trade.FindMember("time");
        const auto end = trade.MemberEnd();
        if (symbol == end || !symbol->value.IsString() || price == end ||
            !price->value.IsNumber() || size == end || !size->value.IsNumber() || time == end ||
            !time->value.IsInt64()) {
            return refuse();
        }
        if (size->value.GetDouble() > 0) {
            add({symbol->value.GetString(), symbol->value.GetStringLength()},
                price->value.GetDouble(), size->value.GetDouble(), time->value.GetInt64());
        }
    }

    void print_counts() const {
        std::printf("trades %llu refused %llu late %llu bars %llu\n", trades_, refused_, late_,
                    bars_);
    }

private:
    void refuse() { ++refused_; }

    // A window closes when an event of its symbol is `lateness` past its end.
    void add(const std::string& symbol, double price, double size, std::int64_t time) {
        ++trades_;
        const std::int64_t start = time - time % window_ns;
        auto& open_bars = bars_of_[symbol];
        watermark_ = std::max(watermark_, time - lateness_ns);
        if (start + window_ns <= watermark_) {
            ++late_;
        } else {
            update(open_bars[start % (2 * window_ns) != 0], symbol, start, price, size);
        }
        for (auto& other : open_bars) {
            if (other.volume > 0 && other.start + window_ns <= watermark_) publish(symbol, other);
        }
    }

    void update(bar& b, const std::string& symbol, std::int64_t start, double price, double size) {
        if (b.volume > 0 && b.start != start) publish(symbol, b);
        if (b.volume == 0) b = {start, price, price, price, price, 0};
        b.high = std::max(b.high, price);
        b.low = std::min(b.low, price);
        b.close = price;
        b.volume += size;
    }

    void publish(const std::string& symbol, bar& b) {
        ++bars_;
        if (!to_.empty()) {
            rapidjson::StringBuffer text;
            rapidjson::Writer<rapidjson::StringBuffer> json(text);
            json.StartObject();
            json.Key("symbol"), json.String(symbol.data(), rapidjson::SizeType(symbol.size()));
            json.Key("start"), json.Int64(b.start);
            json.Key("open"), json.Double(b.open);
            json.Key("high"), json.Double(b.high);
            json.Key("low"), json.Double(b.low);
            json.Key("close"), json.Double(b.close);
            json.Key("volume"), json.Double(b.volume);
            json.EndObject();
            for (const auto& subscriber : to_) {
                websocketpp::lib::error_code ignored;
                sockets_.send(subscriber, text.GetString(), text.GetSize(),
                              websocketpp::frame::opcode::text, ignored);
            }
        }
        b.volume = 0;
    }

    server& sockets_;
    const subscribers& to_;
    // With less than a window of lateness, a symbol has at most two open windows.
    std::unordered_map<std::string, bar[2]> bars_of_;
    std::int64_t watermark_ = 0;
    unsigned long long trades_ = 0, refused_ = 0, late_ = 0, bars_ = 0;
};

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           double(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    if (argc == 3 && std::string_view(argv[1]) == "--port") {
        port = std::uint16_t(std::atoi(argv[2]));
    }

    asio::io_service loop;
    subscribers bars;
    server sockets;
    market trades(sockets, bars);

    sockets.clear_access_channels(websocketpp::log::alevel::all);
    sockets.clear_error_channels(websocketpp::log::elevel::all);
    sockets.init_asio(&loop);
    sockets.set_reuse_addr(true);
    sockets.set_validate_handler([&](websocketpp::connection_hdl handle) {
        const auto path = sockets.get_con_from_hdl(handle)->get_resource();
        return path == "/trades" || path == "/bars";
    });
    sockets.set_open_handler([&](websocketpp::connection_hdl handle) {
        const auto connection = sockets.get_con_from_hdl(handle);
        if (connection->get_resource() == "/bars") {
            bars.insert(handle);
        } else {
            connection->set_message_handler(
                [&](websocketpp::connection_hdl, server::message_ptr message) {
                    trades.on_trade(message->get_payload());
                });
        }
    });
    sockets.set_close_handler([&](websocketpp::connection_hdl handle) { bars.erase(handle); });

    sockets.listen(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
    sockets.start_accept();
    websocketpp::lib::error_code ignored;
    std::printf("port %d\n", sockets.get_local_endpoint(ignored).port());
    std::fflush(stdout);

    asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&](const asio::error_code&, int) { loop.stop(); });
    loop.run();

    trades.print_counts();
    std::printf("cpu_seconds %.3f\n", cpu_seconds());
}
