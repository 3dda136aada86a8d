// Whether one client that asks for much history keeps it from another.
//
//     c++ -std=c++20 -O2 -DASIO_STANDALONE -DASIO_NO_DEPRECATED -Iinclude history_shares.cpp
//         -lsqlite3 -lpthread && ./a.out
//
// 80 connections from 127.0.0.1 ask for 10,000 rows again and again for five seconds, and one from
// 127.0.0.2 for ten rows every few milliseconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <millrace/millrace.hpp>
#include <millrace/storage/sqlite.hpp>

struct reading {
    std::string_view sensor;
    double value;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"value", &reading::value},
    millrace::event_time{"time", &reading::time});

namespace {

using namespace millrace;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

/// One connection; asks and gives the status, 0 where there is none.
class asker {
public:
    asker(const char* from, std::uint16_t port) : socket_{socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in own{}, to{};
        own.sin_family = to.sin_family = AF_INET;
        inet_pton(AF_INET, from, &own.sin_addr);
        inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
        to.sin_port = htons(port);
        const timeval limit{10, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
            connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
            std::perror("connect");
    }
    asker(const asker&) = delete;
    ~asker() { close(socket_); }

    int ask(int rows) {
        const std::string request = "GET /api/topics/means?limit=" + std::to_string(rows) +
                                    " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
        std::string got;
        std::size_t size = std::string::npos;
        while (got.size() < size) {
            char piece[65536];
            const auto count = recv(socket_, piece, sizeof piece, 0);
            if (count <= 0) return 0;
            got.append(piece, static_cast<std::size_t>(count));
            const auto end = got.find("\r\n\r\n");
            if (size == std::string::npos && end != std::string::npos)
                size = end + 4 + std::strtoul(&got[got.find("Content-Length: ") + 16], nullptr, 10);
        }
        return std::atoi(got.c_str() + 9);
    }

private:
    int socket_;
};

}  // namespace

int main() {
    const std::string file = std::filesystem::temp_directory_path() / "history_shares.db";
    const auto clean = [&] {
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
    };
    clean();
    endpoint<> server{{.port = 0, .address = "127.0.0.1"}};
    auto& running = server.serve(
        from<reading>("readings") | key_by(&reading::sensor) | window(tumbling{1s}, drop_late) |
        process<mean<&reading::value>, sqlite_storage>({.file = file}) | publish("means"));
    for (int second = 0; second < 20'000; ++second)
        running.push({"pump", second * 0.5, timestamp{std::chrono::seconds{second}}});
    std::thread serving{[&] { server.run(); }};
    const std::uint16_t port = server.port();
    std::this_thread::sleep_for(500ms);

    std::atomic<bool> is_over = false;
    std::atomic<int> answered = 0, refused = 0;
    std::vector<std::thread> greedy;
    for (int i = 0; i < 80; ++i)
        greedy.emplace_back([&] {
            asker one{"127.0.0.1", port};
            while (!is_over) {
                const int status = one.ask(10'000);
                if (status == 0) break;
                ++(status == 200 ? answered : refused);
            }
        });

    asker modest{"127.0.0.2", port};
    std::map<int, int> statuses;
    std::vector<double> times;
    for (const auto end = clock_type::now() + 5s; clock_type::now() < end;) {
        const auto begin = clock_type::now();
        ++statuses[modest.ask(10)];
        times.push_back(
            std::chrono::duration<double, std::milli>(clock_type::now() - begin).count());
        std::this_thread::sleep_for(4ms);
    }
    is_over = true;
    std::sort(times.begin(), times.end());
    std::printf("modest client:");
    for (const auto& [status, count] : statuses) std::printf(" %d times %d", count, status);
    std::printf(", median %.1f ms, slowest %.1f ms\n", times[times.size() / 2], times.back());
    std::printf("greedy client: %d answers, %d refusals\n", answered.load(), refused.load());
    for (auto& each : greedy) each.join();
    server.stop();
    server.stop();
    serving.join();
    clean();
}
