// One event that ends the windows of a million keys, on an endpoint that stores them: how long it
// holds the loop, and how many rows are lost.
//
//     c++ -std=c++20 -O2 -I include many_windows.cpp -lsqlite3 -lpthread && ./a.out FILE 1000000

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/sqlite.hpp>
#include <millrace/windows/tumbling.hpp>

struct press {
    int button = 0;
    millrace::timestamp time{};
};

template <>
inline constexpr auto millrace::schema<press> = millrace::fields(
    millrace::field{"button", &press::button}, millrace::event_time{"time", &press::time});

int main(int argc, char** argv) {
    using namespace millrace;
    using namespace std::chrono_literals;
    using clock = std::chrono::steady_clock;
    if (argc < 2) return std::fputs("needs: a file for the database\n", stderr), 2;
    const int keys = argc > 2 ? std::atoi(argv[2]) : 1'000'000;

    asio::io_context io;
    endpoint<> server{io, {.port = 0}};
    auto& running =
        server.serve(from<press>("presses") | key_by(&press::button) |
                     window(tumbling{1s}, max_keys{4'000'000}, drop_late) |
                     process<count, sqlite_storage>({.file = argv[1]}) | publish("counts"));
    for (int i = 0; i < keys; ++i) running.push({i, {}});

    clock::time_point last = clock::now();
    clock::duration longest{};
    std::function<void()> probe = [&] {
        longest = std::max(longest, clock::now() - last);
        last = clock::now();
        asio::post(io, probe);
    };
    asio::post(io, probe);
    asio::post(io, [&] { running.push({0, timestamp{1s}}); });
    const auto begin = clock::now();
    const auto deadline = begin + 60s;
    last = begin;
    while (clock::now() < deadline && (io.run_one(), running.stats().open_windows > 1)) {
    }
    longest = std::max(longest, clock::now() - last);
    const auto storage = server.snapshot().topics.at(0).storage.value();
    std::printf("%d windows: longest turn %.1f ms, in all %.2f s, rows lost %llu\n", keys,
                std::chrono::duration<double, std::milli>(longest).count(),
                std::chrono::duration<double>(clock::now() - begin).count(),
                static_cast<unsigned long long>(storage.dropped));
    std::fflush(stdout);
    std::quick_exit(0);
}
