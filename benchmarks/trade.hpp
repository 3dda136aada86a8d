#pragma once

#include <millrace/core/schema.hpp>

struct trade {
    std::string_view symbol;
    double price, size;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(
    millrace::field{"symbol", &trade::symbol}, millrace::field{"price", &trade::price},
    millrace::field{"size", &trade::size},
    millrace::event_time{"time", &trade::time, millrace::time_format::nanoseconds});
