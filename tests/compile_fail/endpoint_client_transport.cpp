// A client's first parameter is a transport that connects.
#include <millrace/client/client.hpp>
#include <millrace/transport/memory.hpp>

struct listening_only {
    using stream = millrace::memory::stream;
    using acceptor = millrace::memory::acceptor;
    acceptor listen(asio::io_context&, const millrace::listen_options&);
};

#ifdef MUST_FAIL
// expect: client needs: a transport with async_connect(asio::io_context&, const connect_options&, f)
template class millrace::client<listening_only>;
#else
template class millrace::client<millrace::memory>;
#endif
