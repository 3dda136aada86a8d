#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/schema.hpp>

// What comes in, and what goes out.

/// What a truck says, each half minute:
/// {"truck":"T07","route":"ALD-NOR","latitude":46.5721,"longitude":-30.9374,"heading":64,
///  "speed":71.5,"driven":12.4,"departed":"2025-06-02T08:10:30Z","time":"2025-06-02T08:21:00Z"}
struct position {
    std::string_view truck;
    std::string_view route;  ///< empty while it stands at a depot
    double latitude, longitude;
    double heading;  ///< degrees from north, clockwise
    double speed;    ///< km/h
    double driven;   ///< km of the route
    std::optional<millrace::timestamp> departed;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<position> = millrace::fields(
    millrace::field{"truck", &position::truck}, millrace::field{"route", &position::route},
    millrace::field{"latitude", &position::latitude},
    millrace::field{"longitude", &position::longitude},
    millrace::field{"heading", &position::heading}, millrace::field{"speed", &position::speed},
    millrace::field{"driven", &position::driven}, millrace::field{"departed", &position::departed},
    millrace::event_time{"time", &position::time});

struct route {
    std::string_view name, destination;
    double length;  ///< km
    double speed;   ///< that is usual, km/h
};

template <>
inline constexpr auto millrace::schema<route> = millrace::fields(
    millrace::field{"route", &route::name}, millrace::field{"destination", &route::destination},
    millrace::field{"length", &route::length}, millrace::field{"speed", &route::speed});

/// A position, and what follows from it. The truck is the key of what is published.
struct sighting {
    std::string truck, route;
    std::string depot;  ///< empty on the road
    double latitude, longitude, heading, speed;
    millrace::timestamp time;
    std::string destination{};
    std::optional<double> left{};   ///< km to the destination
    std::optional<double> delay{};  ///< minutes behind what is usual
    std::optional<millrace::timestamp> arrival{};
};

template <>
inline constexpr auto millrace::schema<sighting> = millrace::fields(
    millrace::field{"route", &sighting::route},
    millrace::field{"destination", &sighting::destination},
    millrace::field{"depot", &sighting::depot}, millrace::field{"latitude", &sighting::latitude},
    millrace::field{"longitude", &sighting::longitude},
    millrace::field{"heading", &sighting::heading}, millrace::field{"speed", &sighting::speed},
    millrace::field{"left", &sighting::left}, millrace::field{"delay", &sighting::delay},
    millrace::field{"arrival", &sighting::arrival}, millrace::field{"time", &sighting::time});

/// A truck enters or leaves a depot; or did not, as a late position says. What is said last, by its
/// number, of a truck, depot and time holds.
struct crossing {
    std::string truck, depot;
    bool entered;
    bool withdrawn;
    millrace::timestamp time;
    std::uint64_t number;  ///< of what was said of the truck
};

template <>
inline constexpr auto millrace::schema<crossing> = millrace::fields(
    millrace::field{"depot", &crossing::depot}, millrace::field{"entered", &crossing::entered},
    millrace::field{"withdrawn", &crossing::withdrawn}, millrace::field{"time", &crossing::time},
    millrace::field{"number", &crossing::number});
