// A websocketpp server that echoes what it is sent, as one may have it, and a pipeline behind it:
// on /trades it takes trades, on /bars it streams the bars of each second. Usage:
// behind_websocketpp [PORT]
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

#include <millrace/adapters/websocketpp.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

namespace mr = millrace;
using server = websocketpp::server<websocketpp::config::asio>;

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

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    server sockets;
    sockets.clear_access_channels(websocketpp::log::alevel::all);
    sockets.init_asio();
    sockets.set_reuse_addr(true);

    mr::hosted_pipeline streams{mr::from<trade>("trades") | mr::key_by(&trade::symbol) |
                                    mr::window(mr::tumbling{1s}, mr::drop_late) |
                                    mr::process<mr::ohlc<&trade::price, &trade::size>>() |
                                    mr::publish("bars"),
                                sockets.get_io_service().get_executor()};

    sockets.set_open_handler([&](websocketpp::connection_hdl who) {
        const auto connection = sockets.get_con_from_hdl(who);
        if (mr::adopt(connection, streams)) return;
        connection->set_message_handler([&](websocketpp::connection_hdl from, auto message) {
            sockets.send(from, message->get_payload(), message->get_opcode());
        });
    });

    bool is_stopping = false;
    std::function<void()> tick = [&] {
        streams.tick();
        sockets.set_timer(100, [&](const auto& error) {
            if (!error && !is_stopping) tick();
        });
    };
    tick();
    asio::signal_set signals{sockets.get_io_service(), SIGINT, SIGTERM};
    signals.async_wait([&](const auto&, int) {
        is_stopping = true;
        sockets.stop_listening();
        streams.finish();
        streams.close_connections();
        sockets.set_timer(1000, [&](const auto&) { sockets.stop(); });  // for goodbyes
    });

    sockets.listen({asio::ip::address_v4::loopback(),
                    static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8080)});
    sockets.start_accept();
    websocketpp::lib::error_code error;
    std::printf("port %d\n", sockets.get_local_endpoint(error).port());
    std::fflush(stdout);
    sockets.run();
}
