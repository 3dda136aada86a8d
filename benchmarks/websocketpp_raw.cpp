// The contender: websocketpp's own server with what it offers for speed: one thread without locks,
// no logs, no timers. See beast_raw.cpp.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

namespace {

struct config : websocketpp::config::asio {
    using type = config;
    using base = websocketpp::config::asio;
    using concurrency_type = websocketpp::concurrency::none;
    using request_type = base::request_type;
    using response_type = base::response_type;
    using message_type = base::message_type;
    using con_msg_manager_type = base::con_msg_manager_type;
    using endpoint_msg_manager_type = base::endpoint_msg_manager_type;
    using alog_type = websocketpp::log::stub;
    using elog_type = websocketpp::log::stub;
    using rng_type = base::rng_type;

    struct transport_config : base::transport_config {
        using type = transport_config;
        using concurrency_type = config::concurrency_type;
        using alog_type = config::alog_type;
        using elog_type = config::elog_type;
        using request_type = config::request_type;
        using response_type = config::response_type;
        using socket_type = base::transport_config::socket_type;
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
    std::uint16_t port = 0;
    if (argc == 3 && std::string_view(argv[1]) == "--port") {
        port = std::uint16_t(std::atoi(argv[2]));
    }

    asio::io_service loop(1);
    std::set<server::connection_ptr> subscribers;
    std::uint64_t messages = 0;
    server sockets;
    sockets.init_asio(&loop);
    sockets.set_reuse_addr(true);
    sockets.set_listen_backlog(4096);
    sockets.set_tcp_post_init_handler([&](connection_hdl handle) {
        asio::error_code ignored;
        sockets.get_con_from_hdl(handle)->get_raw_socket().set_option(asio::ip::tcp::no_delay(true),
                                                                      ignored);
    });
    sockets.set_open_handler([&](connection_hdl handle) {
        const auto connection = sockets.get_con_from_hdl(handle);
        const std::string& path = connection->get_resource();
        if (path == "/fanout") {
            subscribers.insert(connection);
        } else if (path == "/echo") {
            // The connection owns the handler.
            connection->set_message_handler(
                [to = connection.get()](connection_hdl, const server::message_ptr& message) {
                    to->send(message->get_payload(), message->get_opcode());
                });
        } else if (path == "/publish") {
            connection->set_message_handler(
                [&](connection_hdl, const server::message_ptr& message) {
                    for (const auto& each : subscribers)
                        each->send(message->get_payload(), message->get_opcode());
                });
        } else {
            connection->set_message_handler(
                [&](connection_hdl, const server::message_ptr&) { ++messages; });
        }
    });
    sockets.set_close_handler(
        [&](connection_hdl handle) { subscribers.erase(sockets.get_con_from_hdl(handle)); });

    sockets.listen(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
    sockets.start_accept();
    websocketpp::lib::error_code ignored;
    std::printf("port %d\n", sockets.get_local_endpoint(ignored).port());
    std::fflush(stdout);
    loop.run();
}
