#pragma once

#include <thread>

namespace {

/// Runs an endpoint with its own io_context in a thread, until the end of the scope.
template <class Endpoint>
class running {
public:
    explicit running(Endpoint& server) : server_{server}, thread_{[&server] { server.run(); }} {}
    ~running() {
        server_.stop();
        server_.stop();
        join();
    }
    void join() {
        if (thread_.joinable()) thread_.join();
    }

private:
    Endpoint& server_;
    std::thread thread_;
};

}  // namespace
