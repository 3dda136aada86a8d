#pragma once

#include <cstddef>
#include <string_view>

#include "catch.hpp"
#include "stream.hpp"

namespace millrace::websocket::tests {

/// The stream must give `expected` however it is cut: whole frames take the fast lane, those that
/// are cut the slow one.
template <role Role = role::server>
void expect(std::string_view stream, const transcript& expected, protocol_options options = {}) {
    CHECK(read_chunks<Role>(stream, {}, options) == expected);
    for (const std::size_t step : {1u, 2u, 3u, 7u}) {
        CAPTURE(step);
        CHECK(read_chunks<Role>(stream, every(step, stream.size()), options) == expected);
    }
    for (std::size_t cut = 1; cut < stream.size(); ++cut)
        if (read_chunks<Role>(stream, {cut}, options) != expected) FAIL("cut at " << cut);
}

/// As `expect`; and the error must come with the byte at `first_bad` and not before, whether the
/// bytes come at once or one by one.
inline void expect_failure_at(std::size_t first_bad, std::string_view stream,
                              const transcript& expected) {
    expect(stream, expected);
    for (const std::size_t size : {first_bad, first_bad + 1}) {
        const auto part = stream.substr(0, size);
        for (const auto& events : {read_chunks(part, {}), read_chunks(part, every(1, size))}) {
            const bool failed = !events.empty() && events.back().starts_with("error");
            if (failed != (size == first_bad + 1)) FAIL("wrong after " << size << " bytes");
        }
    }
}

}  // namespace millrace::websocket::tests
