#pragma once

#include <string_view>

#include <millrace/core/schema.hpp>

/// What a highway sensor says:
/// {"sensor":"speed_6005","kind":"speed","value":61.2,"time":"2015-08-31T18:22:00Z"}
struct reading {
    std::string_view sensor;
    std::string_view kind;
    double value;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"kind", &reading::kind},
    millrace::field{"value", &reading::value}, millrace::event_time{"time", &reading::time});
