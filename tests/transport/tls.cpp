#include <millrace/transport/tls.hpp>

#include <array>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/transport/memory.hpp>
#include <millrace/transport/proxied.hpp>
#include <millrace/transport/unix_socket.hpp>

#include "catch.hpp"
#include "certificates.hpp"
#include "temporary_folder.hpp"
#include "two_threads.hpp"

using namespace millrace;

static_assert(connecting_transport<tls> && connecting_transport<basic_tls<memory>>);
static_assert(connecting_transport<basic_tls<unix_socket>>);
static_assert(distributing_transport<tls> && distributing_transport<basic_tls<proxied<>>>);
static_assert(!distributing_transport<basic_tls<memory>>);

namespace {

/// An authority with certificates for all that the tests need.
struct pki {
    temporary_folder folder;
    certificate authority{"Authority"}, stranger{"Stranger"};

    pki() {
        authority.save(folder / "ca.pem");
        stranger.save(folder / "stranger.pem");
        issue("server", {"server", "DNS:server.example,DNS:*.wild.example,IP:127.0.0.1,IP:::1"});
        issue("common name", {"server.example", ""});
        issue("expired", {"expired", "DNS:server.example", -3600});
        issue("client", {"gauge 7", ""});
        issue("odd client", {"x,CN=admin", ""});
        stranger.issue({"gauge 7", ""}).save(folder / "strange client.pem");
    }
    void issue(const std::string& file, const certificate::details& details) const {
        authority.issue(details).save(folder / (file + ".pem"));
    }
    std::string file(const std::string& name) const {
        return name.empty() ? name : folder / (name + ".pem");
    }
};

const pki& files() {
    static const pki made;
    return made;
}

tls_options server_options(const std::string& name = "server") {
    return {.certificate_file = files().file(name)};
}

tls_options client_options(const std::string& ca = "ca", const std::string& own = "") {
    return {.certificate_file = files().file(own), .ca_file = files().file(ca)};
}

/// What became of a connection: each end says hello.
struct outcome {
    std::error_code client, server;
    std::string at_client{}, at_server{}, subject{}, alpn{};
    bool is_tls_1_3 = false;
};

template <class Stream>
struct end_of_connection {
    Stream stream;
    std::error_code error{};
    std::string received{};

    void go() {
        std::array<char, 100> buffer{};
        while (!error) received.append(buffer.data(), stream.read_some(buffer, error));
        if (error != asio::error::would_block || !received.empty()) return;
        error.clear();
        stream.async_wait_readable([this](std::error_code e) { e ? error = e, void() : go(); });
    }
    void say_hello() {
        std::error_code blocked;
        const std::array<asio::const_buffer, 1> parts{asio::buffer("hello", 5)};
        if (stream.write_some(parts, blocked) == 0 && blocked == asio::error::would_block)
            stream.async_wait_writable([this](std::error_code e) {
                if (!e) say_hello();
            });
    }
};

template <class Lower>
outcome connect(basic_tls<Lower> server_wire, basic_tls<Lower> client_wire,
                const std::string& host = "server.example", const std::string& address = "") {
    using stream = typename basic_tls<Lower>::stream;
    asio::io_context io;
    auto acceptor = server_wire.listen(io, {.address = address});
    std::optional<end_of_connection<stream>> server, client;
    const auto begin = [&](auto& end) {
        return [&end](std::error_code error, stream s) {
            end.emplace(end_of_connection<stream>{std::move(s), error});
            if (error) return;
            end->say_hello();
            end->go();
        };
    };
    acceptor.async_accept(begin(server));
    client_wire.async_connect(io, {.host = host, .port = acceptor.port()}, begin(client));
    const auto is_over = [](const auto& end) {
        return end && (!end->received.empty() || end->error);
    };
    while (!is_over(server) || !is_over(client)) {
        if (io.run_one() == 0) break;
        // Who is refused hangs up.
        for (auto* end : {&server, &client})
            if (*end && (*end)->error && (*end)->received.empty()) (*end)->stream.close();
    }
    outcome result{client->error, server->error, client->received, server->received};
    for (auto* error : {&result.client, &result.server})
        if (*error == asio::error::would_block) error->clear();
    SSL* const ssl = server->stream.native_handle();
    const unsigned char* alpn = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl, &alpn, &size);
    result.alpn.assign(alpn, alpn + size);
    result.subject = server->stream.peer_subject();
    result.is_tls_1_3 = ::SSL_version(ssl) == TLS1_3_VERSION;
    return result;
}

outcome connect(const tls_options& server, const tls_options& client,
                const std::string& host = "server.example") {
    memory wire;
    return connect(basic_tls<memory>{server, wire}, basic_tls<memory>{client, wire}, host);
}

bool is_ok(const outcome& o) {
    return !o.client && !o.server && o.at_client == "hello" && o.at_server == "hello";
}

std::error_code distrust(int why) { return {why, certificate_category()}; }

/// A connection from a client that is not millrace's, with its own context.
std::pair<std::error_code, std::error_code> connect_by(const tls_context& context) {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io);
    end_of_connection<tls_stream<memory_stream>> client{
        tls_stream<memory_stream>::connected(io, context, std::move(a), "server.example")};
    end_of_connection<tls_stream<memory_stream>> server{tls_stream<memory_stream>::accepted(
        io, detail::make_server_context(server_options()), std::move(b))};
    client.go();
    server.go();
    server.say_hello();
    io.run();
    for (auto* error : {&client.error, &server.error})
        if (*error == asio::error::would_block) error->clear();
    return {client.error, server.error};
}

tls_context foreign_context() {
    tls_context made{::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free};
    ::SSL_CTX_set_cipher_list(made.get(), "ALL:@SECLEVEL=0");
    return made;
}

}  // namespace

TEST_CASE("TLS over TCP: a name, or an address, that the certificate has") {
    const auto o = connect(tls{server_options()}, tls{client_options()}, "127.0.0.1", "127.0.0.1");
    CHECK(is_ok(o));
    CHECK(o.is_tls_1_3);
    CHECK(o.alpn == "http/1.1");
    tls_options named = client_options();
    named.server_name = "server.example";
    CHECK(is_ok(connect(tls{server_options()}, tls{named}, "127.0.0.1", "127.0.0.1")));
}

TEST_CASE("TLS over a Unix socket needs the server's name") {
    const auto path = files().folder / "socket";
    tls_options named = client_options();
    CHECK(
        connect(basic_tls<unix_socket>{server_options()}, basic_tls<unix_socket>{named}, path, path)
            .client == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    named.server_name = "server.example";
    CHECK(is_ok(connect(basic_tls<unix_socket>{server_options()}, basic_tls<unix_socket>{named},
                        path, path)));
}

TEST_CASE("a TLS client refuses a certificate for another host") {
    const auto with = [](const std::string& host) {
        return connect(server_options(), client_options(), host);
    };
    CHECK(is_ok(with("server.example")));
    CHECK(is_ok(with("SERVER.example")));
    CHECK(is_ok(with("a.wild.example")));
    CHECK(is_ok(with("::1")));
    CHECK(with("a.b.wild.example").client == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("wild.example").client == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("other.example").client == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("server").client == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("127.0.0.2").client == distrust(X509_V_ERR_IP_ADDRESS_MISMATCH));
    CHECK(with("other.example").server.message() == "sslv3 alert bad certificate");
    CHECK(with("").client == asio::error::invalid_argument);
    CHECK(with(".wild.example").client == asio::error::invalid_argument);
    CHECK(with("*.wild.example").client == asio::error::invalid_argument);
    CHECK(is_ok(with("server.example.")));
}

TEST_CASE("a name that is only a certificate's common name does not count, RFC 9525") {
    CHECK(connect(server_options("common name"), client_options()).client ==
          distrust(X509_V_ERR_HOSTNAME_MISMATCH));
}

TEST_CASE("a TLS client expects whom its options say, else whom its caller says, else the host") {
    const auto with = [](const std::string& server_name, const std::string& expected) {
        asio::io_context io;
        memory below;
        basic_tls<memory> server_wire{server_options(), below};
        auto options = client_options();
        options.server_name = server_name;
        basic_tls<memory> client_wire{options, below};
        auto acceptor = server_wire.listen(io, {});
        using end = end_of_connection<basic_tls<memory>::stream>;
        std::optional<end> server, client;
        acceptor.async_accept([&](std::error_code, auto s) {
            server.emplace(end{std::move(s)});
            server->go();
        });
        client_wire.async_connect(io, {.host = "203.0.113.7", .server_name = expected},
                                  [&](std::error_code e, auto s) {
                                      client.emplace(end{std::move(s), e});
                                      client->go();
                                      client->say_hello();
                                  });
        for (int i = 0; i != 50; ++i) io.poll(), io.restart();
        return client->error;
    };
    const auto is_trusted = [&](const std::string& server_name, const std::string& expected) {
        const auto error = with(server_name, expected);
        return !error || error == asio::error::would_block;
    };
    CHECK(is_trusted("", "server.example"));
    CHECK(is_trusted("server.example", "other.example"));
    CHECK(with("", "other.example") == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("other.example", "server.example") == distrust(X509_V_ERR_HOSTNAME_MISMATCH));
    CHECK(with("", "") == distrust(X509_V_ERR_IP_ADDRESS_MISMATCH));
}

TEST_CASE("no TLS session is resumed where clients' certificates are asked for") {
    using tls_end = end_of_connection<tls_stream<memory_stream>>;
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const auto asked = GENERATE(client_certificates::none, client_certificates::optional,
                                client_certificates::required);
    CAPTURE(version, static_cast<int>(asked));
    auto options = server_options();
    options.clients = asked;
    options.client_ca_file = files().file("ca");
    const auto at_server = detail::make_server_context(options);
    const auto at_client = detail::make_client_context(client_options("ca", "client"));
    SSL_CTX_set_max_proto_version(at_client.get(), version);

    std::unique_ptr<SSL_SESSION, decltype(&::SSL_SESSION_free)> kept{nullptr, ::SSL_SESSION_free};
    for (const bool is_first : {true, false}) {
        asio::io_context io;
        auto [a, b] = memory_stream::connected(io);
        tls_end client{
            tls_stream<memory_stream>::connected(io, at_client, std::move(a), "server.example")};
        tls_end server{tls_stream<memory_stream>::accepted(io, at_server, std::move(b))};
        if (!is_first) REQUIRE(::SSL_set_session(client.stream.native_handle(), kept.get()) == 1);
        client.go();
        server.go();
        server.say_hello();
        io.run();
        REQUIRE(client.received == "hello");
        const bool is_resumed = ::SSL_session_reused(server.stream.native_handle()) == 1;
        CHECK(is_resumed == (!is_first && asked == client_certificates::none));
        kept.reset(::SSL_get1_session(client.stream.native_handle()));
        client.stream.shutdown();
        server.stream.shutdown();
    }
}

TEST_CASE("a TLS client refuses a certificate that it has no reason to trust") {
    CHECK(connect(server_options(), client_options("stranger")).client.category() ==
          certificate_category());
    CHECK(connect(server_options(), client_options("")).client.category() ==
          certificate_category());
    CHECK(connect(server_options("expired"), client_options()).client ==
          distrust(X509_V_ERR_CERT_HAS_EXPIRED));
    tls_options careless = client_options("");
    careless.verify_server = false;
    CHECK(is_ok(connect(server_options("expired"), careless, "other.example")));
}

TEST_CASE("TLS asks for clients' certificates where it is told to") {
    const auto with = [](client_certificates clients, const std::string& own) {
        tls_options options = server_options();
        options.clients = clients;
        options.client_ca_file = files().file("ca");
        return connect(options, client_options("ca", own));
    };
    using enum client_certificates;
    CHECK(is_ok(with(none, "client")));
    CHECK(with(none, "client").subject.empty());
    CHECK(is_ok(with(optional, "")));
    CHECK(with(optional, "").subject.empty());
    CHECK(is_ok(with(optional, "client")));
    CHECK(with(optional, "client").subject == "CN=gauge 7,O=Example");
    CHECK(with(required, "client").subject == "CN=gauge 7,O=Example");
    CHECK(with(required, "odd client").subject == "CN=x\\,CN=admin,O=Example");
    CHECK(with(required, "").server.message() == "peer did not return a certificate");
    CHECK(with(optional, "strange client").server.category() == certificate_category());
    CHECK(with(required, "strange client").server.category() == certificate_category());
    CHECK(with(required, "strange client").subject.empty());
}

TEST_CASE("TLS refuses versions before 1.2, and ciphers without forward secrecy") {
    const auto context = foreign_context();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    CHECK(!connect_by(context).second);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    CHECK(!connect_by(context).second);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
    CHECK(connect_by(context).second.message() == "unsupported protocol");

    const auto plain = foreign_context();
    SSL_CTX_set_max_proto_version(plain.get(), TLS1_2_VERSION);
    ::SSL_CTX_set_cipher_list(
        plain.get(), "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:AECDH-AES128-SHA@SECLEVEL=0");
    CHECK(connect_by(plain).second.message() == "no shared cipher");
}

TEST_CASE("TLS speaks http/1.1, RFC 7301") {
    const auto offering = [](std::string protocols) {
        const auto context = foreign_context();
        ::SSL_CTX_set_alpn_protos(context.get(),
                                  reinterpret_cast<const unsigned char*>(protocols.data()),
                                  static_cast<unsigned>(protocols.size()));
        return connect_by(context);
    };
    CHECK(!offering("\x02h2\x08http/1.1").second);
    CHECK(!connect_by(foreign_context()).second);
    const auto refused = offering("\x02h2\x08http/1.0");
    CHECK(refused.second.message() == "no application protocol");
    CHECK(refused.first.message() == "tlsv1 alert no application protocol");
}

TEST_CASE(
    "TLS takes renewed files for new connections, and keeps the old ones where they are bad") {
    const temporary_folder folder;
    const auto renew = [&](const std::string& name) {
        files().authority.issue({"renewed", "DNS:" + name}).save(folder / "server.pem");
    };
    renew("first.example");
    asio::io_context io;
    memory below;
    std::vector<log_event> told;
    basic_tls<memory> wire{{.certificate_file = folder / "server.pem",
                            .log = [&](const log_entry& entry) { told.push_back(entry.what); }},
                           below};
    const basic_tls<memory> copy = wire;
    const auto accepts = [&](const std::string& name) {
        return is_ok(connect(copy, basic_tls<memory>{client_options(), below}, name));
    };
    REQUIRE(accepts("first.example"));

    renew("second.example");
    REQUIRE(accepts("first.example"));
    REQUIRE(!wire.reload());
    REQUIRE(accepts("second.example"));
    REQUIRE(!accepts("first.example"));

    std::ofstream{folder / "server.pem"} << "half";
    REQUIRE(wire.reload().category() == tls_category());
    REQUIRE(accepts("second.example"));
    REQUIRE(told == std::vector{log_event::certificate_reloaded, log_event::certificate_failed});
}

TEST_CASE("TLS connections go on when the certificate is renewed") {
    const temporary_folder folder;
    files().authority.issue({"x", "DNS:server.example"}).save(folder / "server.pem");
    asio::io_context io;
    memory below;
    basic_tls<memory> wire{{.certificate_file = folder / "server.pem"}, below};
    basic_tls<memory> client_wire{client_options(), below};
    using end = end_of_connection<basic_tls<memory>::stream>;
    auto acceptor = wire.listen(io, {});
    std::optional<end> server, client;
    acceptor.async_accept([&](std::error_code, auto s) { server.emplace(end{std::move(s)}); });
    client_wire.async_connect(io, {.host = "server.example"},
                              [&](std::error_code, auto s) { client.emplace(end{std::move(s)}); });
    io.run();
    client->go();
    server->go();
    client->say_hello();
    io.restart();
    io.run();
    REQUIRE(server->received == "hello");
    REQUIRE(!wire.reload());
    server->say_hello();
    io.restart();
    io.run();
    REQUIRE(client->received == "hello");
}

TEST_CASE("a TLS server needs a certificate") {
    asio::io_context io;
    REQUIRE_THROWS_AS(tls{}.listen(io, {}), std::invalid_argument);
    REQUIRE_THROWS_AS(tls{server_options("none")}, std::system_error);
}

TEST_CASE("TLS passes on what the transport below says of accepting and connecting") {
    asio::io_context io;
    memory below;
    basic_tls<memory> wire{server_options(), below};
    auto acceptor = wire.listen(io, {});
    std::error_code accepted, connected;
    acceptor.async_accept([&](std::error_code e, auto) { accepted = e; });
    acceptor.close();
    wire.async_connect(io, {.host = "server.example"},
                       [&](std::error_code e, auto) { connected = e; });
    io.run();
    REQUIRE(accepted == asio::error::operation_aborted);
    REQUIRE(connected == asio::error::connection_refused);
    REQUIRE(acceptor.port() == 0);

    const auto cancel = wire.async_connect(io, {.host = "server.example"},
                                           [&](std::error_code e, auto) { connected = e; });
    cancel();
    io.restart();
    io.run();
    REQUIRE(connected == asio::error::operation_aborted);
}

TEST_CASE("TLS goes above the PROXY protocol") {
    asio::io_context io;
    memory below;
    using wire = basic_tls<proxied<memory>>;
    auto acceptor =
        wire{server_options(), proxied<memory>{{.trusted = {"10.0.0.0/8"}}, below}}.listen(io, {});
    std::optional<end_of_connection<wire::stream>> server;
    acceptor.async_accept([&](std::error_code, wire::stream s) {
        server.emplace(end_of_connection<wire::stream>{std::move(s)});
        server->go();
    });
    auto peer = below.connect({.remote_address = "10.0.0.1"});
    std::error_code error;
    const std::string_view header = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    peer.write_some(std::array<asio::const_buffer, 1>{asio::buffer(header)}, error);
    end_of_connection<tls_stream<memory_stream>> client{tls_stream<memory_stream>::connected(
        io, detail::make_client_context(client_options()), std::move(peer), "server.example")};
    client.go();
    client.say_hello();
    io.run();
    REQUIRE(server->received == "hello");
    REQUIRE(server->stream.remote_address() == "192.0.2.1");
}

TEST_CASE("TLS hands its connections to an io_context of another thread") {
    shared_work result;
    share_work(result, tls{server_options()}, tls{client_options()}, "127.0.0.1", 60);
    REQUIRE(result.accepted == 60);
    REQUIRE(result.dropped == 20);
    REQUIRE(result.echoed == 40);
    REQUIRE(result.unheard == 20);
    REQUIRE(result.served >= 40);
    REQUIRE(result.misplaced == 0);
}
