// Keys that collide in a hash without a secret: 8 bytes that made a factor of its product 0, 8 that
// are then forgotten, and 16 that all share. Says what so many of them cost a pipeline.
//
//     c++ -std=c++20 -O2 -I include colliding_keys.cpp && ./a.out 8193

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

struct press {
    std::string_view button;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<press> = millrace::fields(
    millrace::field{"button", &press::button}, millrace::event_time{"time", &press::time});

int main(int argc, char** argv) {
    using namespace millrace;
    using namespace std::chrono_literals;

    const int keys = argc > 1 ? std::atoi(argv[1]) : 8193;
    auto running = start(from<press>("presses") | key_by(&press::button) |
                         window(tumbling{1s}, drop_late) | process<count>());
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(keys); ++i) {
        constexpr std::uint64_t zero_factor = 0x9E3779B97F4A7C15;
        std::string key(reinterpret_cast<const char*>(&zero_factor), 8);
        key.append(reinterpret_cast<const char*>(&i), 8).append("0123456789abcdef");
        running.push({key, timestamp{}});
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    std::printf("%d keys: %.3f s, %ld MB\n", keys, spent.count(), used.ru_maxrss / 1024);
}
