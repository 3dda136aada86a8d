#pragma once

#include <cstdint>
#include <string_view>

#include <millrace/core/schema.hpp>

/// An event with a key, a number and a time.
struct reading {
    std::string_view sensor;
    std::uint64_t value;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"value", &reading::value},
    millrace::event_time{"time", &reading::time});
