// A Boost.Beast server that echoes what it is sent, as one may have it, and a pipeline behind it:
// on /trades it takes trades, on /bars it streams the bars of each second. Usage: behind_beast
// [PORT]
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <millrace/adapters/beast.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

namespace mr = millrace;
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using websocket_stream = beast::websocket::stream<beast::tcp_stream>;

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

/// One connection: its request, and then what it is for.
struct session : std::enable_shared_from_this<session> {
    using adopt_function =
        std::function<bool(websocket_stream&, beast::flat_buffer&, std::string_view)>;

    session(tcp::socket socket, const adopt_function& with) : ws{std::move(socket)}, adopt{with} {}

    void run() {
        ws.next_layer().expires_after(std::chrono::seconds{10});
        ws.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
        beast::http::async_read(ws.next_layer(), buffer, request,
                                [self = shared_from_this()](auto error, std::size_t) {
                                    if (!error) self->upgrade();
                                });
    }
    void upgrade() {
        ws.next_layer().expires_never();
        ws.async_accept(request, [self = shared_from_this()](auto error) {
            const auto target = self->request.target();
            if (error || self->adopt(self->ws, self->buffer, {target.data(), target.size()}))
                return;
            self->echo();
        });
    }
    void echo() {
        ws.async_read(buffer, [self = shared_from_this()](auto error, std::size_t) {
            if (error) return;
            self->ws.text(self->ws.got_text());
            self->ws.async_write(self->buffer.data(), [self](auto failed, std::size_t size) {
                self->buffer.consume(size);
                if (!failed) self->echo();
            });
        });
    }

    websocket_stream ws;
    beast::flat_buffer buffer;
    beast::http::request<beast::http::empty_body> request;
    const adopt_function& adopt;
};

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    asio::io_context io{1};
    tcp::acceptor acceptor{io,
                           {asio::ip::address_v4::loopback(),
                            static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8080)}};

    mr::hosted_pipeline streams{mr::from<trade>("trades") | mr::key_by(&trade::symbol) |
                                    mr::window(mr::tumbling{1s}, mr::drop_late) |
                                    mr::process<mr::ohlc<&trade::price, &trade::size>>() |
                                    mr::publish("bars"),
                                io.get_executor()};
    const session::adopt_function adopt = [&](websocket_stream& ws, beast::flat_buffer& buffer,
                                              std::string_view target) {
        return mr::adopt(ws, buffer, target, streams);
    };

    bool is_accepting = false;
    std::function<void()> accept = [&] {
        is_accepting = true;
        acceptor.async_accept([&](auto error, tcp::socket socket) {
            is_accepting = false;
            if (error || !acceptor.is_open())
                return;  // such as too many connections: the next tick tries again
            std::make_shared<session>(std::move(socket), adopt)->run();
            accept();
        });
    };

    asio::steady_timer timer{io};
    std::function<void()> tick = [&] {
        streams.tick();
        if (!is_accepting && acceptor.is_open()) accept();
        timer.expires_after(100ms);
        timer.async_wait([&](auto error) {
            if (!error) tick();
        });
    };
    tick();
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) {
        acceptor.close();
        streams.finish();
        streams.close_connections();
        timer.expires_after(1s);  // for goodbyes
        timer.async_wait([&](auto) { io.stop(); });
    });

    std::printf("port %d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    io.run();
}
