#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/adapters/foreign_connection.hpp>
#include <millrace/adapters/hosted_pipeline.hpp>
#include <millrace/core/schema.hpp>

struct tick {
    int id = 0;
    int value = 0;
};

template <>
inline constexpr auto millrace::schema<tick> =
    millrace::fields(millrace::field{"id", &tick::id}, millrace::field{"value", &tick::value});

/// A thread that runs what it was given when told to; or one that is the caller's.
struct fake_thread {
    std::deque<std::function<void()>> jobs{};
    bool is_here = false;

    void run() {
        const bool was_here = std::exchange(is_here, true);
        while (!jobs.empty()) {
            const auto job = std::move(jobs.front());
            jobs.pop_front();
            job();
        }
        is_here = was_here;
    }
};

struct fake_executor {
    fake_thread* to;

    [[nodiscard]] bool running_in_this_thread() const noexcept { return to->is_here; }
    friend void dispatch(const fake_executor& executor, std::function<void()> job) {
        if (executor.to->is_here) return job();
        executor.to->jobs.push_back(std::move(job));
    }
};

/// What a server knows of one connection.
struct fake_socket {
    std::vector<std::string> sent{};
    std::size_t buffered = 0;  ///< bytes of what was sent that the peer has not read
    std::uint16_t close_code = 0;
    int pauses = 0, resumes = 0;
    bool is_woken = false, waits_for_room = false;
};

struct fake_peer {
    std::shared_ptr<fake_socket> of;

    void wake() { of->is_woken = true; }
    [[nodiscard]] std::size_t buffered_bytes() const { return of->buffered; }
    void send(const std::shared_ptr<const std::string>& text) {
        of->sent.push_back(*text);
        of->buffered += text->size();
    }
    void wait_for_room() { of->waits_for_room = true; }
    void pause() { ++of->pauses; }
    void resume() { ++of->resumes; }
    void close(std::uint16_t code, std::string_view) {
        if (of->close_code == 0) of->close_code = code;
    }
    [[nodiscard]] std::shared_ptr<void> owner() const { return of; }
};

/// One connection, and the server's side of it.
struct fake_client {
    std::shared_ptr<fake_socket> socket = std::make_shared<fake_socket>();
    std::shared_ptr<millrace::foreign_connection<fake_peer>> connection{};

    template <class Hosted>
    bool open(Hosted& streams, std::string_view target) {
        connection = millrace::make_foreign_connection(streams, target, fake_peer{socket});
        if (connection) connection->open();
        return connection != nullptr;
    }
    void close() { std::exchange(connection, nullptr)->close(); }
    void send(std::string text) const { connection->receive(std::span{text}); }
    void run() const {
        if (std::exchange(socket->is_woken, false) && connection) connection->on_wake();
    }
    /// The peer reads all that was sent.
    void read() const {
        while (socket->buffered != 0 || socket->is_woken) {
            socket->buffered = 0;
            if (std::exchange(socket->waits_for_room, false)) socket->is_woken = true;
            run();
        }
    }
};

[[nodiscard]] inline std::string json_of(int id, int value) {
    return R"({"id":)" + std::to_string(id) + R"(,"value":)" + std::to_string(value) + "}";
}
