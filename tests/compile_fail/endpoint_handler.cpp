// A raw handler takes the connection and the message.
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/memory.hpp>

void serve(millrace::endpoint<millrace::memory>& server) {
#ifdef MUST_FAIL
    // expect: on_message needs: a handler that is called as void(connection&, std::string_view
    server.on_message("/raw", [](std::string_view) {});
#else
    server.on_message("/raw", [](millrace::connection&, std::string_view) {});
#endif
}
