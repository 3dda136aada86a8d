#pragma once

#include <millrace/transport/detail/name_lookup.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::error_code lookup_error(int code) noexcept {
    switch (code) {
        case 0: return {};
        case EAI_AGAIN: return asio::error::host_not_found_try_again;
        case EAI_FAIL: return asio::error::no_recovery;
        case EAI_MEMORY: return asio::error::no_memory;
        case EAI_SYSTEM: return last_error();
        default: return asio::error::host_not_found;
    }
}

MILLRACE_INLINE tcp_endpoints system_addresses(const std::string& host, std::uint16_t port,
                                               std::error_code& error) {
    ::addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    ::addrinfo* found = nullptr;
    error = lookup_error(::getaddrinfo(host.c_str(), nullptr, &hints, &found));
    if (error) return {};
    const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> owner{found, ::freeaddrinfo};
    tcp_endpoints all;
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        asio::ip::tcp::endpoint address;
        address.resize(each->ai_addrlen);
        std::memcpy(address.data(), each->ai_addr, each->ai_addrlen);
        address.port(port);
        all.push_back(address);
    }
    if (all.empty()) error = asio::error::host_not_found;
    return all;
}

MILLRACE_INLINE void name_lookup::cancel() {
    std::error_code ignored;
    done_.cancel(ignored);
}

MILLRACE_INLINE void name_lookup::answer::set(std::error_code failure, tcp_endpoints addresses) {
    const std::lock_guard lock{mutex};
    error = failure;
    found = std::move(addresses);
    static_cast<void>(::eventfd_write(wake, 1));
}

MILLRACE_INLINE std::error_code name_lookup::open(answer& shared) {
    shared.wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const int own = shared.wake == -1 ? -1 : ::fcntl(shared.wake, F_DUPFD_CLOEXEC, 0);
    if (own == -1) return last_error();
    std::error_code error;
    done_.assign(own, error);
    if (error) ::close(own);
    return error;
}

}  // namespace millrace::detail
