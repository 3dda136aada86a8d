#pragma once

#include <millrace/millrace.hpp>

struct reading {
    std::string_view sensor;
    double value;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"value", &reading::value},
    millrace::event_time{"time", &reading::time});

/// Runs a small pipeline, so that the library's templates are not only read but used.
inline int windows_closed() {
    using namespace millrace;
    using namespace std::chrono_literals;

    int closed = 0;
    auto means = start(from<reading>("readings") | key_by(&reading::sensor) |
                           window(tumbling{1s}, drop_late) | process<mean<&reading::value>>(),
                       [&](const auto&) { ++closed; });
    means.push({"a", 1, timestamp{1s}});
    means.push({"a", 2, timestamp{2s}});
    means.finish();
    return closed;
}
