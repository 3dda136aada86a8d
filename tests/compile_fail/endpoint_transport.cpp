// A transport's stream tells who its peer is.
#include <millrace/transport/memory.hpp>
#include <millrace/transport/transport.hpp>

struct stream {
    template <class F>
    void async_wait_readable(F) {}
    template <class F>
    void async_wait_writable(F) {}
    std::size_t read_some(std::span<char>, std::error_code&) { return 0; }
    std::size_t write_some(std::span<const asio::const_buffer>, std::error_code&) { return 0; }
    void shutdown() {}
    void close() {}
#ifndef MUST_FAIL
    std::string remote_address() const { return {}; }
#endif
};

struct acceptor {
    template <class F>
    void async_accept(F) {}
    std::uint16_t port() const { return 0; }
    void close() {}
};

struct wire {
    using stream = ::stream;
    using acceptor = ::acceptor;
    acceptor listen(asio::io_context&, const millrace::listen_options&) { return {}; }
};

// expect: transport needs: std::string stream::remote_address()
constexpr bool checked = (millrace::require_transport<wire>(), true);
static_assert(checked);
