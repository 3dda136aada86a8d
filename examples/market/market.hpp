#pragma once

#include <string_view>

#include <millrace/core/schema.hpp>

/// {"symbol":"ACME","price":101.25,"size":300,"time":"2026-01-05T14:30:00.125Z"}
struct trade {
    std::string_view symbol;
    double price;
    double size;
    millrace::timestamp time;
};

/// The best prices to be had, and how many shares at each.
struct quote {
    std::string_view symbol;
    double bid;
    double bid_size;
    double ask;
    double ask_size;
    millrace::timestamp time;
};

/// A trade with the quote that was valid at its time, and what it cost in basis points of the
/// quote's middle: twice the distance from it, which is the effective spread. Without a quote the
/// three are NaN, which is null in JSON.
struct fill {
    std::string_view symbol;
    double price;
    double size;
    double bid;
    double ask;
    double spread;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(
    millrace::field{"symbol", &trade::symbol}, millrace::field{"price", &trade::price},
    millrace::field{"size", &trade::size}, millrace::event_time{"time", &trade::time});

template <>
inline constexpr auto millrace::schema<quote> = millrace::fields(
    millrace::field{"symbol", &quote::symbol}, millrace::field{"bid", &quote::bid},
    millrace::field{"bid_size", &quote::bid_size}, millrace::field{"ask", &quote::ask},
    millrace::field{"ask_size", &quote::ask_size}, millrace::event_time{"time", &quote::time});

template <>
inline constexpr auto millrace::schema<fill> = millrace::fields(
    millrace::field{"symbol", &fill::symbol}, millrace::field{"price", &fill::price},
    millrace::field{"size", &fill::size}, millrace::field{"bid", &fill::bid},
    millrace::field{"ask", &fill::ask}, millrace::field{"spread", &fill::spread},
    millrace::event_time{"time", &fill::time});
