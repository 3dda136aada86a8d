#pragma once

#include <exception>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace millrace::detail {

/// An io_context and the thread that runs it.
class loop_thread {
public:
    loop_thread() = default;
    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;
    ~loop_thread() { end(); }

    /// `on_exception(what)` is called in the thread for each that leaves a handler; the loop goes
    /// on.
    void start(std::function<void(std::string_view what)> on_exception) {
        thread_ =
            std::thread{[this, on_exception = std::move(on_exception)] { run(on_exception); }};
    }

    /// Waits until everything that is under way has come to its end.
    void end() {
        work_.reset();
        if (thread_.joinable()) thread_.join();
    }

    asio::io_context io{1};

private:
    void run(const std::function<void(std::string_view)>& on_exception) {
        for (;;) {
            try {
                io.run();
                return;
            } catch (const std::exception& e) {
                on_exception(std::string_view{e.what()});
            } catch (...) {
                on_exception(std::string_view{"what it threw is no std::exception"});
            }
        }
    }

    asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
    std::thread thread_;
};

}  // namespace millrace::detail
