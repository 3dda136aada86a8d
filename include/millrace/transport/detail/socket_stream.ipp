#pragma once

#include <millrace/transport/detail/socket_stream.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::size_t socket_stream::read_some(std::span<char> to, std::error_code& error) {
    error.clear();
    if (to.empty()) return 0;
    const std::size_t size =
        repeated([&] { return ::recv(descriptor(), to.data(), to.size(), MSG_DONTWAIT); }, error);
    if (!error && size == 0) error = asio::error::eof;
    // A stream's short read leaves nothing behind: epoll(7), "Questions and answers".
    watch_->set_readable(error ? error != asio::error::would_block : size == to.size());
    return size;
}

MILLRACE_INLINE std::size_t socket_stream::write_some(std::span<const asio::const_buffer> from,
                                                      std::error_code& error) {
    error.clear();
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (from.size() == 1)
        return written(from[0].size(), error,
                       [&] { return ::send(descriptor(), from[0].data(), from[0].size(), flags); });
    std::array<::iovec, 64> parts;
    const auto some = from.first(std::min(from.size(), parts.size()));
    std::size_t total = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
        parts[i] = {const_cast<void*>(some[i].data()), some[i].size()};
        total += some[i].size();
    }
    ::msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = some.size();
    return written(total, error, [&] { return ::sendmsg(descriptor(), &message, flags); });
}

}  // namespace millrace::detail
