#include <millrace/codec/codec.hpp>

#include <sstream>
#include <vector>

#include "catch.hpp"

using namespace millrace;

namespace {

struct number {
    int value = 0;
};

/// One decimal number a line.
struct plain {
    template <class Event>
    struct decoder {
        explicit decoder(codec_limits) {}

        template <class OnEvent, class OnError>
        void decode(std::span<char> message, OnEvent&& on_event, OnError&& on_error) {
            std::istringstream lines{std::string{message.begin(), message.end()}};
            std::size_t index = 0;
            for (std::string line; std::getline(lines, line); ++index) {
                Event event;
                if (std::istringstream{line} >> event.value) {
                    on_event(event);
                } else {
                    on_error(input_error{index, errc::wrong_type, "value", 0});
                }
            }
        }
    };

    template <class Record>
    struct encoder {
        explicit encoder(std::string_view) {}
        void encode(const Record& row, std::string& out) const { out += std::to_string(row.value); }
    };
};

struct no_encoder {
    template <class Event>
    using decoder = plain::decoder<Event>;
};

struct no_decode {
    template <class Event>
    struct decoder {
        explicit decoder(codec_limits) {}
    };
    template <class Record>
    using encoder = plain::encoder<Record>;
};

}  // namespace

TEST_CASE("codec: the least codec is one, and lacks are seen") {
    STATIC_REQUIRE(codec<plain, number>);
    STATIC_REQUIRE_FALSE(codec<no_encoder, number>);
    STATIC_REQUIRE_FALSE(codec<no_decode, number>);
    STATIC_REQUIRE_FALSE(codec<int, number>);
    require_codec<plain, number>();
}

TEST_CASE("codec: the least codec works as the contract says") {
    plain::decoder<number> decoder{codec_limits{}};
    std::string message = "5\nx\n7";
    int sum = 0;
    std::vector<std::size_t> refused;
    decoder.decode(
        message, [&](const number& event) { sum += event.value; },
        [&](const input_error& error) { refused.push_back(error.index); });
    CHECK(sum == 12);
    CHECK(refused == std::vector<std::size_t>{1});
}

TEST_CASE("codec_limits have the documented defaults") {
    const codec_limits limits;
    CHECK(limits.max_depth == 64);
    CHECK(limits.max_members == 1024);
    CHECK(limits.max_string_bytes == 65'536);
    CHECK(limits.max_name_bytes == 256);
    CHECK(limits.max_events == 100'000);
}
