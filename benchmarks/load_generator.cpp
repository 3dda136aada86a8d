// Drives a server over WebSocket and says what that costs the server.
//
// load_generator SCENARIO --port N --pid PID [--connections 4] [--depth 1] [--milliseconds 1000]
//                [--text ascii|mixed] [--messages 1000000] [--path /echo] [--seed 1]
//
// Scenarios: ingest, echo, fanout, idle (see benchmarks/load), which want a server with the paths
// /ingest (nothing comes back), /echo, /publish and /fanout (what is published goes to all of it);
// and trades, which wants /trades and /bars. All frames are made beforehand and have 128 bytes of
// text. Printed is a line of names and figures, a message's where nothing else is said.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>

#include "load/echo.hpp"
#include "load/fanout.hpp"
#include "load/idle.hpp"
#include "load/ingest.hpp"
#include "load/options.hpp"
#include "load/trades.hpp"

int main(int argc, char** argv) try {
    const std::map<std::string, void (*)(const load::options&)> scenarios{
        {"ingest", load::ingest}, {"echo", load::echo},     {"fanout", load::fanout},
        {"idle", load::idle},     {"trades", load::trades},
    };
    const auto scenario = scenarios.find(argc > 1 ? argv[1] : "");
    if (scenario == scenarios.end()) throw std::runtime_error("no such scenario");
    ::alarm(120);  // A server that does not answer ends the benchmark.
    scenario->second(load::parse(argc - 2, argv + 2));
} catch (const std::exception& error) {
    std::fprintf(stderr, "load_generator: %s\n", error.what());
    return 1;
}
