#include <millrace/client/client.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/transport/unix_socket.hpp>

#include "client_peer.hpp"
#include "temporary_folder.hpp"
#include "tunnel_proxy.hpp"

#if defined(MILLRACE_WITH_DEFLATE)
#include <millrace/websocket/permessage_deflate.hpp>
#endif
#if defined(MILLRACE_WITH_TLS)
#include <millrace/transport/tls.hpp>

#include "../transport/certificates.hpp"
#endif

using namespace millrace;

namespace {

/// The memory transport, which says that it is encrypted.
struct secret_memory : memory {
    static constexpr bool is_secure = true;
};

/// Runs an endpoint that echoes what comes to /echo, in a thread, until the end of the scope.
class echo_server {
public:
    echo_server() {
        server_.on_message("/echo", [](connection& from, std::string_view text, opcode op) {
            op == opcode::text ? from.send(text) : from.send_binary(text);
        });
        thread_ = std::thread{[this] { server_.run(); }};
    }
    ~echo_server() {
        server_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string url() const {
        return "ws://127.0.0.1:" + std::to_string(server_.port()) + "/echo";
    }

private:
    endpoint<tcp> server_{{.port = 0, .address = "127.0.0.1"}};
    std::thread thread_;
};

}  // namespace

TEST_CASE("options that cannot be are refused at once") {
    asio::io_context io;
    const auto make = [&](client_options options) { client<memory>{io, std::move(options)}; };
    for (const auto* url : {"", "http://host/", "ws://host:0/", "wss://host/"})
        CHECK_THROWS_AS(make({.url = url}), std::invalid_argument);
    CHECK_THROWS_AS(make({.url = "ws://h/", .headers = {{"Host", "x"}}}), std::invalid_argument);
    CHECK_THROWS_AS(make({.url = "ws://h/", .reconnect = {.base = 0ms}}), std::invalid_argument);
    CHECK_NOTHROW(make({.url = "ws://host/"}));

    CHECK_NOTHROW(client<secret_memory>{io, {.url = "wss://host/"}});
    CHECK_THROWS_WITH((client<secret_memory>{io, {.url = "ws://host/"}}),
                      R"(millrace: "ws://host/" asks for no TLS, which the transport is)");
    CHECK_THROWS_WITH(make({.url = "wss://host/"}),
                      R"(millrace: "wss://host/" needs a transport over TLS)");
}

TEST_CASE("a client and an endpoint on one loop") {
    asio::io_context io;
    memory wire;
    endpoint<memory> server{io, {}, wire};
    server.on_message("/echo", [](connection& from, std::string_view text) {
        if (text == "bye") return from.close(close_code{4000}, "bye");
        from.send(text);
    });
    strings log;
    std::optional<client<memory>> c;
    c.emplace(io, client_options{.url = "ws://host/echo", .reconnect = {.max_attempts = 0}},
              client_handlers{.on_open = [&] { c->send("hello"); },
                              .on_message =
                                  [&](std::string_view text, opcode) {
                                      log.emplace_back(text);
                                      c->send("bye");
                                  },
                              .on_close =
                                  [&](close_code code, std::string_view reason, bool) {
                                      log.push_back(std::to_string(static_cast<int>(code)));
                                      log.emplace_back(reason);
                                      server.stop();
                                  }},
              wire);
    io.run();
    CHECK(log == strings{"hello", "4000", "bye"});
    CHECK(c->state() == client_state::stopped);
}

TEST_CASE("the server's choice of a subprotocol is known when the connection opens") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    std::string chosen = "none";
    std::optional<client<memory>> c;
    c.emplace(io, client_options{.url = "ws://host/", .subprotocols = {"v3", "v2", "v1"}},
              client_handlers{.on_open = [&] { chosen = c->subprotocol(); }}, wire);
    constexpr std::array<std::string_view, 2> known{"v1", "v2"};
    other.upgrade(known);
    CHECK(chosen == "v2");
}

TEST_CASE("a payload can be changed in place") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    std::string seen;
    client<memory> c{io,
                     {.url = "ws://host/"},
                     {.on_payload =
                          [&](std::span<char> payload, opcode) {
                              payload.data()[payload.size()] = '\0';
                              payload.front() = 'J';
                              seen = payload.data();
                          }},
                     wire};
    other.upgrade();
    other.send(opcode::text, "jello");
    CHECK(seen == "Jello");
}

TEST_CASE("an echo over TCP, with an io_context of its own") {
    echo_server server;
    strings log;
    std::optional<client<>> c;
    const std::string large(300'000, 'x');
    c.emplace(client_options{.url = server.url()},
              client_handlers{.on_open = [&] { c->send("one"); },
                              .on_message =
                                  [&](std::string_view text, opcode op) {
                                      log.emplace_back(text);
                                      if (log.size() == 1) c->send_binary(large);
                                      if (op == opcode::binary) c->stop();
                                  }});
    c->run();
    CHECK(log == strings{"one", large});
    CHECK(c->stats().messages_in == 2);
    CHECK(c->stats().messages_out == 2);
    CHECK(c->stats().failures == 0);
}

TEST_CASE("several threads send, and one stops") {
    constexpr int threads = 4, messages = 500;
    echo_server server;
    std::set<std::string> echoes;
    std::vector<std::string> last(threads);
    bool is_ordered = true;
    std::optional<client<>> c;
    c.emplace(client_options{.url = server.url(), .outbox_bytes = 16 * 1024 * 1024},
              client_handlers{.on_message = [&](std::string_view text, opcode) {
                  auto& before = last[static_cast<std::size_t>(text.front() - 'a')];
                  is_ordered = is_ordered && text > before;
                  before = text;
                  echoes.emplace(text);
                  if (echoes.size() == threads * messages) c->stop();
              }});
    std::atomic<int> taken = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t != threads; ++t)
        senders.emplace_back([&, t] {
            for (int i = 0; i != messages; ++i)
                taken += c->send(static_cast<char>('a' + t) + std::to_string(10'000 + i));
        });
    c->run();
    for (auto& each : senders) each.join();
    CHECK(taken == threads * messages);
    CHECK(echoes.size() == threads * messages);
    CHECK(is_ordered);
    CHECK(!c->send("too late"));
}

TEST_CASE("stop, close, post and state may come from any thread at any time") {
    echo_server server;
    for (int round = 0; round != 20; ++round) {
        client<> c{{.url = server.url(), .reconnect = {.base = 1ms, .cap = 2ms}}};
        std::thread other{[&c, round] {
            for (int i = 0; i != round; ++i) {
                c.send("a");
                c.close();
                c.post([] {});
                static_cast<void>(c.state());
                static_cast<void>(c.queued_bytes());
            }
            c.stop();
            c.stop();
        }};
        c.run();
        other.join();
        CHECK(c.state() == client_state::stopped);
    }
}

TEST_CASE("a server that comes back is found again") {
    asio::io_context io;
    memory wire;
    std::optional<endpoint<memory>> server;
    int opened = 0, closed = 0;
    std::optional<client<memory>> c;
    const auto serve = [&] {
        server.emplace(io, endpoint_options{}, wire);
        server->on_message("/x", [](connection&, std::string_view) {});
    };
    serve();
    c.emplace(io, client_options{.url = "ws://h/x", .reconnect = {.base = 1ms, .cap = 5ms}},
              client_handlers{.on_open =
                                  [&] {
                                      if (++opened == 3) return c->stop();
                                      asio::post(io, [&] {
                                          server.reset();
                                          serve();
                                      });
                                  },
                              .on_close =
                                  [&](auto, auto, bool) {
                                      if (++closed == 3) server->stop();
                                  }},
              wire);
    io.run();
    CHECK(opened == 3);
    CHECK(closed == 3);
}

TEST_CASE("over a Unix socket, to a server that comes late and comes back") {
    const temporary_folder folder;
    const auto path = folder / "feed.sock";
    asio::io_context io;
    std::optional<endpoint<unix_socket>> server;
    const auto serve = [&] {
        server.emplace(io, endpoint_options{.address = path});
        server->on_message("/echo", [](connection& from, std::string_view m) { from.send(m); });
    };
    strings log;
    std::optional<client<unix_socket>> c;
    client_handlers handlers;
    handlers.on_open = [&] { c->send("hello"); };
    handlers.on_message = [&](std::string_view text, opcode) {
        log.emplace_back(text);
        if (text != "late") return;
        if (std::count(log.begin(), log.end(), "late") == 2) {
            c->stop();
            return asio::post(io, [&] { server->stop(); });
        }
        asio::post(io, [&] {
            server.reset();
            c->send("late");
            serve();
        });
    };
    handlers.on_error = [&](std::error_code error) {
        if (log.empty()) asio::post(io, serve);
        log.push_back(error.message());
    };
    c.emplace(io,
              client_options{.url = "ws://localhost/echo",
                             .connect_host = path,
                             .reconnect = {.base = 1ms, .cap = 5ms}},
              handlers);
    c->send("late");
    io.run_for(10s);
    REQUIRE(c->state() == client_state::stopped);
    const auto missing = std::make_error_code(std::errc::no_such_file_or_directory).message();
    REQUIRE(log.size() >= 5);
    CHECK(log.front() == missing);
    std::erase_if(log, [](const auto& each) { return each != "hello" && each != "late"; });
    CHECK(log == strings{"hello", "late", "hello", "late"});
}

TEST_CASE("through the tunnel of an HTTP proxy, once that lets the client in") {
    asio::io_context io;
    tunnel_proxy proxy{io};
    proxy.answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    endpoint<tcp> server{io, {.port = 0, .address = "127.0.0.1"}};
    server.on_message("/echo", [](connection& from, std::string_view m) { from.send(m); });

    const std::string text(100'000, 'x');
    std::string got;
    std::vector<std::error_code> errors;
    std::optional<client<tcp>> c;
    client_handlers handlers;
    handlers.on_message = [&](std::string_view message, opcode) {
        got = message;
        io.stop();
    };
    handlers.on_error = [&](std::error_code error) {
        errors.push_back(error);
        if (errors.size() == 3) proxy.answer = "HTTP/1.1 200 Connection established\r\n\r\n";
    };
    const auto at = "127.0.0.1:" + std::to_string(server.port());
    c.emplace(io,
              client_options{.url = "ws://" + at + "/echo",
                             .proxy = proxy.address(),
                             .reconnect = {.base = 1ms, .cap = 5ms}},
              handlers);
    c->send(text);
    io.run_for(10s);
    CHECK(got == text);
    CHECK(errors == std::vector<std::error_code>(3, make_error_code(errc::unauthorized)));
    CHECK(proxy.requests == strings(4, "CONNECT " + at + " HTTP/1.1"));
    CHECK(proxy.tunnelled_bytes > 2 * text.size());
    CHECK(c->stats().failures == 3);
    CHECK(c->stats().connections == 1);
}

#if defined(MILLRACE_WITH_DEFLATE)
TEST_CASE("client and endpoint compress what they send, and again after each reconnect") {
    const bool keeps_context = GENERATE(true, false);
    CAPTURE(keeps_context);
    asio::io_context io;
    memory wire;
    const auto deflate = std::make_shared<websocket::permessage_deflate>(
        websocket::deflate_options{.server_no_context_takeover = !keeps_context,
                                   .client_no_context_takeover = !keeps_context});
    endpoint<memory> server{io, {.compression = deflate}, wire};
    server.on_message("/echo", [](connection& from, std::string_view text) {
        if (text == "cut") return from.close();
        from.send(text);
    });
    std::mt19937 random{test_seed()};
    strings sent, got;
    std::size_t total = 0;
    for (int i = 0; i != 300; ++i) {
        sent.push_back("message " + std::to_string(i) + ' ');
        for (auto words = random() % 200; words != 0; --words)
            sent.back() += std::to_string(random() % 100) + ", ";
        total += sent.back().size();
    }
    std::optional<client<memory>> c;
    int opened = 0;
    const auto send_next = [&] {
        for (auto i = got.size(); i != got.size() + 100; ++i) c->send(sent[i]);
    };
    client_handlers handlers;
    handlers.on_open = [&] { ++opened; };
    handlers.on_message = [&](std::string_view text, opcode) {
        got.emplace_back(text);
        if (got.size() == sent.size()) return io.stop();
        if (got.size() % 100 == 0) c->send("cut");
    };
    handlers.on_close = [&](auto, auto, bool again) {
        if (again) send_next();
    };
    c.emplace(io,
              client_options{.url = "ws://host/echo",
                             .compression = deflate,
                             .reconnect = {.base = 1ms, .cap = 2ms}},
              handlers, wire);
    send_next();
    io.run_for(10s);
    CHECK(opened == 3);
    CHECK((got == sent));
    CHECK(server.snapshot().counters.bytes_in < total * 3 / 4);
    CHECK(c->stats().dropped == 0);
}
#endif

#if defined(MILLRACE_WITH_TLS) && defined(MILLRACE_WITH_DEFLATE)
TEST_CASE("client and endpoint over TLS: the host's name is checked, messages are compressed") {
    const temporary_folder folder;
    const certificate authority{"Test authority"};
    authority.save(folder / "ca.pem");
    authority.issue({.common_name = "server", .names = "IP:127.0.0.1"}).save(folder / "good.pem");
    authority.issue({.common_name = "other", .names = "DNS:other.test"}).save(folder / "other.pem");
    const std::string text(10'000, 'x');

    const auto deflate = std::make_shared<websocket::permessage_deflate>();
    for (const bool is_right : {true, false}) {
        asio::io_context io;
        endpoint<tls> server{
            io,
            {.port = 0, .address = "127.0.0.1", .compression = deflate},
            tls{{.certificate_file = folder / (is_right ? "good.pem" : "other.pem")}}};
        server.on_message("/echo", [](connection& from, std::string_view m) { from.send(m); });

        std::string got;
        std::error_code error;
        client<tls>* to = nullptr;
        client_handlers handlers;
        handlers.on_open = [&] { to->send(text); };
        handlers.on_message = [&](std::string_view message, opcode) {
            got = message;
            io.stop();
        };
        handlers.on_error = [&](std::error_code why) {
            error = why;
            io.stop();
        };
        client<tls> c{io,
                      {.url = "wss://127.0.0.1:" + std::to_string(server.port()) + "/echo",
                       .compression = deflate},
                      handlers,
                      tls{{.ca_file = folder / "ca.pem"}}};
        to = &c;
        io.run_for(10s);
        REQUIRE((got == text) == is_right);
        REQUIRE(!error == is_right);
        if (is_right) REQUIRE(server.snapshot().counters.bytes_in < 5'000);
        if (is_right) REQUIRE(server.snapshot().counters.bytes_out < 5'000);
    }
}
#endif
