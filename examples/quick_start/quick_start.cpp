#include <millrace/millrace.hpp>

namespace mr = millrace;

struct trade {
    std::string_view symbol;
    double price, size;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<trade> = mr::fields(
    mr::field{"symbol", &trade::symbol},
    mr::field{"price", &trade::price},
    mr::field{"size", &trade::size},
    mr::event_time{"time", &trade::time});

int main() {
    using namespace std::chrono_literals;

    auto bars = mr::from<trade>("trades")
              | mr::filter([](const trade& t) { return t.size > 0; })
              | mr::key_by(&trade::symbol)
              | mr::window(mr::tumbling{1s}, mr::lateness{250ms}, mr::drop_late)
              | mr::process<mr::ohlc<&trade::price, &trade::size>, mr::sqlite_storage>(
                    {.file = "bars.db"})
              | mr::publish("bars");

    mr::endpoint<mr::tcp> server{{.port = 8080}};
    server.serve(std::move(bars));
    server.run();
}
