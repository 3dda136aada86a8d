#include <millrace/transport/inherited_socket.hpp>

#include <cstdlib>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/stream_protocol.hpp>

#include <millrace/transport/tcp.hpp>
#include <millrace/transport/unix_socket.hpp>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using detail::inherited_socket;

namespace {

/// As systemd does for a service: passes `socket` as the last of several, by the name "web".
class activation {
public:
    explicit activation(int socket, std::string pid = std::to_string(::getpid()))
        : passed_{::fcntl(socket, F_DUPFD_CLOEXEC, 50)} {
        std::string names;
        for (int i = 3; i < passed_; ++i) names += "other:";
        ::setenv("LISTEN_PID", pid.c_str(), 1);
        ::setenv("LISTEN_FDS", std::to_string(passed_ - 2).c_str(), 1);
        ::setenv("LISTEN_FDNAMES", (names + "web").c_str(), 1);
    }
    activation(const activation&) = delete;
    activation& operator=(const activation&) = delete;
    ~activation() {
        ::close(passed_);
        for (const auto* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    }

private:
    int passed_;
};

}  // namespace

TEST_CASE("a TCP server takes the socket that systemd has opened") {
    asio::io_context io;
    asio::ip::tcp::acceptor opened{io, {asio::ip::address_v4::loopback(), 0}};
    const auto port = opened.local_endpoint().port();
    const activation by_systemd{opened.native_handle()};
    opened.close();

    for (int restart = 0; restart < 2; ++restart) {
        auto acceptor = tcp{}.listen(io, {.address = "systemd:web", .port = 1});
        REQUIRE(acceptor.port() == port);
        std::optional<tcp_stream> stream;
        acceptor.async_accept([&](std::error_code error, tcp_stream s) {
            if (!error) stream.emplace(std::move(s));
        });
        asio::ip::tcp::socket client{io};
        client.connect({asio::ip::address_v4::loopback(), port});
        io.restart();
        io.run();
        REQUIRE(stream);
    }
    REQUIRE_THROWS_AS(unix_socket{}.listen(io, {.address = "systemd:web"}), std::system_error);
}

TEST_CASE("a Unix socket of systemd's keeps its file") {
    asio::io_context io;
    const temporary_folder folder;
    asio::local::stream_protocol::acceptor opened{io, folder / "socket"};
    const activation by_systemd{opened.native_handle()};
    unix_socket{}.listen(io, {.address = "systemd:web"}).close();
    REQUIRE(std::filesystem::exists(folder / "socket"));
    REQUIRE_THROWS_AS(tcp{}.listen(io, {.address = "systemd:web"}), std::system_error);
}

TEST_CASE("a socket of systemd's is found by its name, and only if it is for this process") {
    asio::io_context io;
    asio::ip::tcp::acceptor opened{io, {asio::ip::address_v4::loopback(), 0}};
    {
        const activation by_systemd{opened.native_handle()};
        const int found = inherited_socket("systemd:web");
        REQUIRE(detail::socket_option(found, SO_DOMAIN) == AF_INET);
        ::close(found);
        REQUIRE_THROWS_AS(inherited_socket("systemd:we"), std::system_error);
        REQUIRE_THROWS_AS(inherited_socket("systemd:web:"), std::system_error);
    }
    {
        const activation for_another{opened.native_handle(), std::to_string(::getppid())};
        REQUIRE_THROWS_AS(inherited_socket("systemd:web"), std::system_error);
    }
    REQUIRE_THROWS_AS(inherited_socket("systemd:"), std::system_error);
    REQUIRE(detail::socket_option(-1, SO_DOMAIN) == -1);
}

TEST_CASE("what connections cannot be accepted by is refused with a word") {
    asio::io_context io;
    const temporary_folder folder;
    using asio::ip::tcp;
    const auto refusal = [&](int descriptor) -> std::string {
        const activation by_systemd{descriptor};
        try {
            static_cast<void>(millrace::tcp{}.listen(io, {.address = "systemd:web"}));
            return "none";
        } catch (const std::system_error& e) {
            return e.what();
        }
    };

    const asio::ip::udp::endpoint loopback{asio::ip::address_v4::loopback(), 0};
    asio::ip::udp::socket datagrams{io, loopback};
    CHECK(refusal(datagrams.native_handle()).find("\"systemd:web\" is no stream socket") !=
          std::string::npos);

    tcp::acceptor bound{io, tcp::v4()};
    bound.bind({asio::ip::address_v4::loopback(), 0});
    CHECK(refusal(bound.native_handle()).find("is not listening") != std::string::npos);
    bound.listen();
    CHECK(refusal(bound.native_handle()) == "none");

    tcp::socket connected{io};
    connected.connect(bound.local_endpoint());
    CHECK(refusal(connected.native_handle()).find("is not listening") != std::string::npos);

    asio::local::stream_protocol::acceptor local{io, folder / "socket"};
    CHECK(refusal(local.native_handle()).find("of another family") != std::string::npos);

    const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(refusal(file).find("is no socket") != std::string::npos);
    ::close(file);
}

TEST_CASE("only addresses that say so are inherited") {
    REQUIRE(detail::is_inherited("systemd:"));
    REQUIRE(detail::is_inherited("systemd:web"));
    for (const auto* address : {"", "127.0.0.1", "systemd", "/run/systemd:web"})
        REQUIRE(!detail::is_inherited(address));
}
