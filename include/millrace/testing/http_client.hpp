#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/error.hpp>
#include <millrace/http/fields.hpp>
#include <millrace/http/text.hpp>
#include <millrace/testing/blocking_socket.hpp>

namespace millrace::testing {

struct http_result {
    int status = 0;
    http::fields headers;
    std::string body;
};

/// Takes one response with a Content-Length, or one that ends with the connection, off a socket.
/// Throws std::system_error: `errc::bad_request` for what is no such response, `errc::timed_out`.
[[nodiscard]] inline http_result read_http_response(blocking_socket& socket,
                                                    std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::string bytes;
    const auto read_more = [&] {
        std::array<char, 16 * 1024> chunk;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        const auto size = socket.read_some(chunk, left);
        if (!size) throw std::system_error(make_error_code(errc::timed_out));
        bytes.append(chunk.data(), *size);
        return *size != 0;
    };
    const auto require = [](bool condition) {
        if (!condition) throw std::system_error(make_error_code(errc::bad_request));
    };

    std::size_t end;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos) require(read_more());

    http_result result;
    std::string_view head{bytes.data(), end + 2};
    const auto status_line = http::split_off(head, "\r\n");
    require(status_line.starts_with("HTTP/1.1 ") && status_line.size() >= 12);
    std::from_chars(status_line.data() + 9, status_line.data() + 12, result.status);
    require(!result.headers.parse(head, 256));
    bytes.erase(0, end + 4);

    std::size_t length = std::string::npos;
    const auto text = result.headers.get("Content-Length");
    if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), length);
    while (bytes.size() < length && read_more()) continue;
    require(text.empty() || bytes.size() >= length);
    result.body = bytes.substr(0, length);
    return result;
}

/// One GET over a connection of its own. `extra_headers` are lines that each end in CRLF.
/// Throws std::system_error when it cannot connect or gets no answer in time.
[[nodiscard]] inline http_result http_get(std::string_view host, std::uint16_t port,
                                          std::string_view target,
                                          std::string_view extra_headers = {},
                                          std::chrono::milliseconds timeout = std::chrono::seconds{
                                              10}) {
    blocking_socket socket{host, port, timeout};
    std::string request;
    request.append("GET ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    request.append("\r\nConnection: close\r\n").append(extra_headers).append("\r\n");
    socket.write(request, timeout);
    return read_http_response(socket, timeout);
}

}  // namespace millrace::testing
