#pragma once

#include <string_view>

#include <millrace/core/schema.hpp>

/// The least of an event.
struct note {
    std::string_view text;
};

template <>
inline constexpr auto millrace::schema<note> = millrace::fields(millrace::field{"text",
                                                                                &note::text});
