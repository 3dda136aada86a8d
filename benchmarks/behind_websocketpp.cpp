// The pipeline of millrace_server.cpp behind websocketpp's server, with what that offers for speed:
// see websocketpp_raw.cpp. `--loops 0` has handlers that only count instead: the least that this
// server costs. It is no C++20 for g++ before 14.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include <millrace/adapters/websocketpp.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#include "server_options.hpp"
#include "trade.hpp"

namespace {

struct config : websocketpp::config::asio {
    using type = config;
    using base = websocketpp::config::asio;
    using concurrency_type = websocketpp::concurrency::none;
    using alog_type = websocketpp::log::stub;
    using elog_type = websocketpp::log::stub;

    struct transport_config : base::transport_config {
        using type = transport_config;
        using concurrency_type = config::concurrency_type;
        using alog_type = config::alog_type;
        using elog_type = config::elog_type;
        static constexpr bool enable_multithreading = false;
        static constexpr long timeout_open_handshake = 0;
        static constexpr long timeout_close_handshake = 0;
    };
    using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
};

using server = websocketpp::server<config>;
using websocketpp::connection_hdl;

}  // namespace

int main(int argc, char** argv) {
    using namespace millrace;
    using namespace std::chrono_literals;

    const server_options asked{argc, argv};
    asio::io_context loop{1};
    server sockets;
    sockets.init_asio(&loop);
    sockets.set_reuse_addr(true);

    hosted_pipeline streams{from<trade>("trades", disorder{250ms}) |
                                filter([](const trade& t) { return t.size > 0; }) |
                                key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
                                process<ohlc<&trade::price, &trade::size>>() | publish("bars"),
                            loop.get_executor()};
    std::uint64_t messages = 0;
    sockets.set_open_handler([&](connection_hdl handle) {
        const auto connection = sockets.get_con_from_hdl(handle);
        if (asked.loops != 0) {
            adopt(connection, streams);
            return;
        }
        connection->set_message_handler([&](connection_hdl, const auto&) { ++messages; });
        if (connection->get_resource() == "/bars") connection->send(std::string{"{}"});
    });

    sockets.listen({asio::ip::address_v4::loopback(), asked.port});
    sockets.start_accept();
    websocketpp::lib::error_code ignored;
    std::printf("port %d\n", sockets.get_local_endpoint(ignored).port());
    std::fflush(stdout);
    loop.run();
}
