// Live statistics of highway sensors: readings come in, and each sensor's hours go out, judged; and
// each hour the mean of the last day.
//
//     ws://localhost:8080/readings    takes readings (see reading.hpp)
//     ws://localhost:8080/hourly      streams the hours; /hourly?key=speed_6005 those of one sensor
//     ws://localhost:8080/last_day    streams the means of the last 24 hours
//     ws://localhost:8080/ws          takes readings and streams the hours
//     http://localhost:8080/          the page, and /api/topics/hourly what is stored

#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <utility>

#include <millrace/millrace.hpp>

#include "arguments.hpp"
#include "reading.hpp"

namespace mr = millrace;
using namespace std::chrono_literals;

using hour =
    mr::summary<mr::count, mr::mean<&reading::value>, mr::named<"low", mr::min<&reading::value>>,
                mr::named<"high", mr::max<&reading::value>>, mr::stddev<&reading::value>>;

int main(int argc, char** argv) try {
    const arguments options{argc,
                            argv,
                            {{"port", "8080"},
                             {"db", "traffic.db"},
                             {"web", TRAFFIC_WEB},
                             {"dygraphs", "/usr/share/javascript/dygraphs"}}};

    // clang-format off
    auto last_day = mr::window(mr::sliding{24h, 1h}, mr::lateness{1h}, mr::without_final, mr::drop_late)
                  | mr::process<mr::mean<&reading::value>, mr::sqlite_storage>({.file = options.text("db")})
                  | mr::publish("last_day");

    auto hourly = mr::from<reading>("readings", mr::per_key(&reading::sensor), mr::idle_timeout{5s})
                | mr::key_by(&reading::sensor)
                | mr::tee(std::move(last_day))
                | mr::window(mr::tumbling{1h}, mr::lateness{1h}, mr::without_final, mr::drop_late)
                | mr::process<hour>()
                | mr::detect<mr::ewma_zscore<mr::at<"mean">>, mr::sqlite_storage>({.file = options.text("db")})
                | mr::publish("hourly");
    // clang-format on

    mr::endpoint<mr::tcp> server{
        {.port = options.number<std::uint16_t>("port"), .outbox_bytes = 8 * 1024 * 1024}};
    server.serve(std::move(hourly), {.duplex_path = "/ws", .duplex_topics = {"hourly"}});
    server.files("/", options.text("web"));
    if (std::filesystem::is_directory(options.text("dygraphs")))
        server.files("/dygraphs/", options.text("dygraphs"));

    std::cout << "http://localhost:" << server.port() << std::endl;
    server.run();
} catch (const std::exception& error) {
    std::cerr << "traffic_server: " << error.what() << '\n';
    return 1;
}
