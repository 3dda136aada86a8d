// What real servers are tested with: it connects once and gives each message back as the kind that
// it came as. When the connection has ended it prints "closed CODE", with the subprotocol behind it
// if there was one; a connection that could not be made is "failed REASON" and exit status 1.
//
//     echo_client URL [--ca FILE] [--deflate] [--max-message-bytes N] [--subprotocol NAME]...
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/client/client.hpp>
#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif
#ifdef MILLRACE_WITH_TLS
#include <millrace/transport/tls.hpp>
#endif

namespace {

using namespace millrace;

struct settings {
    client_options client{.max_message_bytes = 1024 * 1024, .reconnect = {.max_attempts = 0}};
    std::string ca_file;
};

std::shared_ptr<const websocket::compression> deflate() {
#ifdef MILLRACE_WITH_DEFLATE
    return std::make_shared<websocket::permessage_deflate>(websocket::deflate_options{
        .server_no_context_takeover = false, .client_no_context_takeover = false});
#else
    throw std::invalid_argument("built without zlib");
#endif
}

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("not a number: " + std::string{text});
    return value;
}

settings read(int count, char** words) {
    if (count < 2) throw std::invalid_argument("echo_client URL [OPTIONS]");
    settings read;
    read.client.url = words[1];
    for (int i = 2; i < count; ++i) {
        const std::string_view word = words[i];
        const auto value = [&]() -> std::string {
            if (++i == count) throw std::invalid_argument("no value: " + std::string{word});
            return words[i];
        };
        if (word == "--ca")
            read.ca_file = value();
        else if (word == "--deflate")
            read.client.compression = deflate();
        else if (word == "--max-message-bytes")
            read.client.max_message_bytes = number(value());
        else if (word == "--subprotocol")
            read.client.subprotocols.push_back(value());
        else
            throw std::invalid_argument("unknown: " + std::string{word});
    }
    read.client.outbox_bytes = 4 * read.client.max_message_bytes + 16 * 1024 * 1024;
    return read;
}

/// Returns the exit status.
template <class Transport>
int run(client_options options, Transport wire) {
    client<Transport>* running = nullptr;
    bool was_open = false;
    std::error_code failure;
    client_handlers handlers;
    handlers.on_message = [&](std::string_view message, websocket::opcode op) {
        const bool is_text = op == websocket::opcode::text;
        const bool is_taken = is_text ? running->send(message) : running->send_binary(message);
        if (!is_taken) running->close(websocket::close_code::internal_error, "the outbox is full");
    };
    handlers.on_error = [&](std::error_code error) { failure = error; };
    handlers.on_close = [&](websocket::close_code code, std::string_view, bool) {
        was_open = true;
        const auto& subprotocol = running->subprotocol();
        std::printf("closed %d%s%s\n", static_cast<int>(code), subprotocol.empty() ? "" : " ",
                    subprotocol.c_str());
    };
    options.when_full = full_outbox::refuse;
    client<Transport> echo{std::move(options), std::move(handlers), std::move(wire)};
    running = &echo;
    echo.run();
    if (!was_open) std::printf("failed %s\n", failure.message().c_str());
    return was_open ? 0 : 1;
}

}  // namespace

int main(int count, char** words) try {
    auto settings = read(count, words);
    if (!settings.client.url.starts_with("wss:")) return run(std::move(settings.client), tcp{});
#ifdef MILLRACE_WITH_TLS
    return run(std::move(settings.client), tls{{.ca_file = settings.ca_file}});
#else
    throw std::invalid_argument("built without OpenSSL");
#endif
} catch (const std::exception& error) {
    std::fprintf(stderr, "echo_client: %s\n", error.what());
    return 2;
}
