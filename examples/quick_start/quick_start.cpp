#include <millrace/millrace.hpp>

struct trade {
    std::string_view symbol;
    double price, size;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(
    millrace::field{"symbol", &trade::symbol},
    millrace::field{"price", &trade::price},
    millrace::field{"size", &trade::size},
    millrace::event_time{"time", &trade::time});

int main() {
    using namespace millrace;
    using namespace std::chrono_literals;

    auto bars = from<trade>("trades")
              | filter([](const trade& t) { return t.size > 0; })
              | key_by(&trade::symbol)
              | window(tumbling{1s}, lateness{250ms}, drop_late)
              | process<ohlc<&trade::price, &trade::size>, sqlite_storage>({.file = "bars.db"})
              | publish("bars");

    endpoint<tcp> server{{.port = 8080}};
    server.serve(std::move(bars));
    server.run();
}
