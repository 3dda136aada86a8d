// What real clients are tested against: /echo gives each message back, /close closes as a message
// "CODE REASON" says, /who names the client. Clients need the token "secret", and browsers the
// origin "https://app.example". The first line of output is the port, and "deflate" where it
// compresses.
//
//     echo_server [MAX_MESSAGE_BYTES]
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

namespace {

using namespace millrace;

void echo(connection& from, std::string_view message, websocket::opcode op) {
    op == websocket::opcode::text ? from.send(message) : from.send_binary(message);
}

void close_as_told(connection& from, std::string_view message) {
    std::uint16_t code = 0;
    std::from_chars(message.data(), message.data() + message.size(), code);
    from.close(websocket::close_code{code}, message.substr(message.find(' ') + 1));
}

std::shared_ptr<const websocket::compression> compression() {
#ifdef MILLRACE_WITH_DEFLATE
    return std::make_shared<websocket::permessage_deflate>(websocket::deflate_options{
        .server_no_context_takeover = false, .client_no_context_takeover = false});
#else
    return {};
#endif
}

void who(connection& from, std::string_view) { from.send(from.principal()); }

}  // namespace

int main(int count, char** words) {
    std::size_t max_message_bytes = 4 * 1024 * 1024;
    if (count == 2) max_message_bytes = std::strtoull(words[1], nullptr, 10);
    endpoint<tcp, all_of<origin_guard, bearer_guard>> server{
        {.port = 0,
         .address = "127.0.0.1",
         .loops = 2,
         .max_message_bytes = max_message_bytes,
         .compression = compression(),
         .outbox_bytes = 4 * max_message_bytes},
        {},
        {origin_guard{{.allowed = {"https://app.example"}}}, bearer_guard{{{"secret", "alice"}}}}};
    server.on_message("/echo", echo);
    server.on_message("/close", close_as_told);
    server.on_message("/who", who);
    std::printf("%d %s\n", server.port(), compression() ? "deflate" : "");
    std::fflush(stdout);
    server.run();
}
