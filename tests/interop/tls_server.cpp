// What real TLS clients are tested against: tls_server CERTIFICATE KEY CLIENTS_CA [PAGES]
// /echo gives each message back, /who names the client's certificate, /reload reads the files again
// and says what came of it; all other paths are files of the directory PAGES. The first line of
// output is the port.
#include <cstdio>
#include <string_view>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/tls.hpp>

int main(int argc, char** argv) {
    using namespace millrace;
    if (argc != 4 && argc != 5) return 2;
    tls wire{{.certificate_file = argv[1],
              .private_key_file = argv[2],
              .clients = client_certificates::optional,
              .client_ca_file = argv[3]}};
    endpoint<tls> server{{.port = 0, .address = "127.0.0.1", .loops = 2}, wire};
    server.on_message("/echo", [](connection& from, std::string_view text) { from.send(text); });
    server.on_message("/who",
                      [](connection& from, std::string_view) { from.send(from.principal()); });
    server.on_message("/reload", [&](connection& from, std::string_view) {
        const auto error = wire.reload();
        from.send(error ? error.message() : "done");
    });
    if (argc == 5) server.files("/", argv[4]);
    std::printf("%d\n", server.port());
    std::fflush(stdout);
    server.run();
}
