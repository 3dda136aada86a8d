#pragma once

#include <array>
#include <chrono>
#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

using namespace millrace;
using namespace std::chrono_literals;

struct trade {
    std::string symbol;
    double price;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = fields(field{"symbol", &trade::symbol},
                                                       field{"price", &trade::price},
                                                       event_time{"time", &trade::time});
