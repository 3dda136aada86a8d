#include <millrace/websocket/permessage_deflate.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/handshake.hpp>

#include "catch.hpp"
#include "naive_inflate.hpp"
#include "naive_utf8.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;
using namespace std::string_literals;

namespace {

constexpr std::size_t no_limit = std::size_t{1} << 30;

struct both_ends {
    std::unique_ptr<compressor> server, client;
};

both_ends connect(const deflate_options& server, const deflate_options& client) {
    const permessage_deflate offering{client};
    auto accepted = permessage_deflate{server}.accept(offering.offer());
    auto confirmed = offering.confirm(accepted.header);
    REQUIRE(accepted.connection);
    REQUIRE(confirmed.connection);
    return {std::move(accepted.connection), std::move(confirmed.connection)};
}

std::string compressed(compressor& by, std::string_view message) {
    std::string out = "before";
    REQUIRE(by.compress(message, out));
    REQUIRE(out.starts_with("before"));
    return out.substr(6);
}

/// In pieces of `step` bytes.
errc restore(compressor& by, std::string_view bytes, std::string& out, std::size_t step = no_limit,
             std::size_t max_bytes = no_limit) {
    message_buffer all;
    all.append(out);
    errc error{};
    do {
        const auto piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        error = by.restore(piece, bytes.empty(), max_bytes, all);
    } while (error == errc{} && !bytes.empty());
    out = all.view();
    return error;
}

std::string restored(compressor& by, std::string_view bytes, std::size_t step = no_limit) {
    std::string out;
    REQUIRE(restore(by, bytes, out, step) == errc{});
    return out;
}

/// Readings whose parts come again near and far.
std::string random_message(std::mt19937& random, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) {
        const std::size_t back = random() % 40000 + 1;
        if (random() % 2 == 0 && back < out.size())
            out += out.substr(out.size() - back, random() % 200);
        else
            out += "{\"value\":" + std::to_string(random()) + "}";
    }
    out.resize(bytes);
    return out;
}

std::string random_bytes(std::mt19937& random, std::size_t bytes) {
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
}

deflate_options options_of(bool no_takeover, int server_bits = 15, int client_bits = 15) {
    return {.server_no_context_takeover = no_takeover,
            .client_no_context_takeover = no_takeover,
            .server_max_window_bits = server_bits,
            .client_max_window_bits = client_bits,
            .min_message_bytes = 0};
}

}  // namespace

TEST_CASE("the examples of RFC 7692, section 7.2.3") {
    auto end = permessage_deflate{options_of(false)}.accept("permessage-deflate").connection;
    CHECK(restored(*end, bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})) == "Hello");
    // The second message refers to the first.
    CHECK(restored(*end, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})) == "Hello");
    CHECK(restored(*end, bytes_of({0x00, 0x05, 0x00, 0xfa, 0xff}) + "Hello\0"s) == "Hello");
    CHECK(restored(*end, bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})) == "Hello");
    // Nor does a final block end what may be referred to.
    CHECK(restored(*end, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})) == "Hello");
    CHECK(restored(*end, bytes_of({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9,
                                   0x07, 0x00})) == "Hello");
    CHECK(restored(*end, bytes_of({0x00})).empty());
    CHECK(compressed(*end, "Hello") == bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}));

    auto alone = permessage_deflate{options_of(true)}.accept("permessage-deflate").connection;
    CHECK(restored(*alone, bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})) == "Hello");
    std::string out;
    CHECK(restore(*alone, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00}), out) == errc::protocol_error);
}

TEST_CASE("each end honours the window and the context that were agreed") {
    std::mt19937 random{test_seed() + 31};
    for (const bool no_takeover : {false, true})
        for (int bits = 8; bits <= 15; ++bits) {
            CAPTURE(test_seed(), no_takeover, bits);
            // Either side may ask; the other has to follow.
            auto by_client = connect(options_of(false), options_of(no_takeover, bits, bits));
            auto by_server = connect(options_of(no_takeover, bits, bits), options_of(false));
            using pair = std::pair<compressor*, compressor*>;
            for (const auto& [from, to] : {pair{by_client.server.get(), by_client.client.get()},
                                           pair{by_client.client.get(), by_client.server.get()},
                                           pair{by_server.server.get(), by_server.client.get()},
                                           pair{by_server.client.get(), by_server.server.get()}}) {
                std::string history;
                std::size_t most = 0;
                for (const std::size_t bytes : {700u, 20000u, 3000u}) {
                    const auto message = random_message(random, bytes);
                    const auto packed = compressed(*from, message);
                    CHECK(packed.size() < message.size() + 20);
                    std::size_t farthest = 0;
                    CHECK(naive_inflater::decode(packed, history, &farthest) == message);
                    most = std::max(most, farthest);
                    CHECK(restored(*to, packed, bytes == 3000 ? 1 : 1009) == message);
                    if (!no_takeover) history += message;
                }
                CHECK(most <= std::size_t{1} << bits);
                // The messages do reach about as far as they are let.
                const bool is_grouped = from == by_client.server.get() && no_takeover && bits < 15;
                const int used = is_grouped ? std::min(bits, bits >= 12 ? 12 : 9) : bits;
                CHECK(most >= (std::size_t{1} << (used - 1)) - 6);
            }
        }
}

TEST_CASE("the window is kept across messages, or not, as agreed") {
    std::mt19937 random{test_seed() + 32};
    const auto message = random_bytes(random, 500) + std::string(100, ' ');
    auto kept = connect(options_of(false), options_of(false));
    const auto first = compressed(*kept.server, message);
    const auto again = compressed(*kept.server, message);
    CHECK(again.size() < 20);
    CHECK_FALSE(naive_inflater::decode(again).has_value());
    CHECK(restored(*kept.client, first) == message);
    CHECK(restored(*kept.client, again) == message);

    auto single = connect(options_of(true), options_of(false));
    for (auto* end : {single.server.get(), single.client.get()}) {
        const auto alone = compressed(*end, message);
        CHECK(compressed(*end, message) == alone);
        CHECK(naive_inflater::decode(alone) == message);
    }
}

TEST_CASE("connections that share a thread's streams do not mix") {
    std::mt19937 random{test_seed() + 33};
    const auto options = options_of(true);
    std::vector<both_ends> connections;
    std::vector<std::string> messages, packed;
    std::vector<message_buffer> out(40);
    for (int i = 0; i != 40; ++i) {
        connections.push_back(connect(options, options));
        messages.push_back(random_message(random, 2000));
        packed.push_back(compressed(*connections.back().server, messages.back()));
    }
    for (std::size_t at = 0; at < 2000; at += 100)
        for (std::size_t i = 0; i != 40; ++i) {
            if (at >= packed[i].size()) continue;
            const bool is_last = at + 100 >= packed[i].size();
            CHECK(connections[i].client->restore(std::string_view{packed[i]}.substr(at, 100),
                                                 is_last, no_limit, out[i]) == errc{});
        }
    for (std::size_t i = 0; i != 40; ++i) CHECK(out[i].view() == messages[i]);
}

TEST_CASE("a message that is short, empty or does not shrink is sent as it is") {
    std::mt19937 random{test_seed() + 34};
    auto ends = connect({.min_message_bytes = 100}, {});
    std::string out = "x";
    CHECK_FALSE(ends.server->compress(std::string(99, 'a'), out));
    CHECK_FALSE(ends.server->compress(random_bytes(random, 1000), out));
    CHECK(out == "x");
    CHECK(ends.server->compress(std::string(100, 'a'), out));
    auto kept = connect(options_of(false), options_of(false));
    CHECK_FALSE(kept.server->compress("", out));
    // With a context its message is part of the next ones' context, and so has to be sent.
    const auto noise = random_bytes(random, 1000);
    CHECK(restored(*kept.client, compressed(*kept.server, noise)) == noise);
}

TEST_CASE("only connections whose bytes are equal share a key") {
    const auto key = [](const deflate_options& options) {
        return connect(options, options_of(false)).server->shared_key();
    };
    CHECK(key(options_of(true)) != 0);
    CHECK(key(options_of(true)) == key(options_of(true)));
    CHECK(key(options_of(true)) != key(options_of(true, 10)));
    CHECK(key(options_of(false)) == 0);
    auto denser = options_of(true);
    denser.level = 9;
    CHECK(key(denser) != key(options_of(true)));
}

TEST_CASE("a server makes no more than three kinds of frames for windows of all sizes") {
    for (const int most : {15, 12, 10, 8}) {
        std::set<std::uint64_t> keys;
        for (int bits = 8; bits <= most; ++bits)
            keys.insert(
                connect(options_of(true, most), options_of(true, bits)).server->shared_key());
        CAPTURE(most);
        CHECK(keys.size() == (most == 15 ? 3u : most == 8 ? 1u : 2u));
    }
}

TEST_CASE("a bomb is stopped while it inflates") {
    const auto options = options_of(true);
    auto ends = connect(options, options);
    const auto bomb = compressed(*ends.server, std::string(50 * 1000 * 1000, '0'));
    CHECK(bomb.size() < 300000);

    SECTION("by size, in pieces of any size") {
        auto trusting = options;
        trusting.max_ratio = 10000;
        for (const std::size_t step : {std::size_t{100}, no_limit})
            for (const std::size_t limit :
                 {std::size_t{0}, std::size_t{1000}, std::size_t{123456}}) {
                auto end = permessage_deflate{trusting}.accept("permessage-deflate").connection;
                std::string out;
                CHECK(restore(*end, bomb, out, step, limit) == errc::message_too_big);
                CHECK(out.size() == limit + 1);
            }
    }
    SECTION("by ratio") {
        std::string out;
        CHECK(restore(*ends.client, bomb, out, 1000) == errc::message_too_big);
        CHECK(out.size() <= 200 * 1000 + 1);
        auto strict = options;
        strict.max_ratio = 10;
        strict.unlimited_bytes = 5000;
        const auto refused = [&](std::size_t bytes) {
            auto end = connect(strict, options);
            std::string text;
            const auto packed = compressed(*end.client, std::string(bytes, '0'));
            return restore(*end.server, packed, text) == errc::message_too_big;
        };
        CHECK_FALSE(refused(5000));
        CHECK(refused(5001));
    }
    SECTION("exactly at the limit is well") {
        auto end = connect(options, options);
        const auto packed = compressed(*end.server, std::string(10000, '0'));
        std::string out;
        CHECK(restore(*end.client, packed, out, 3, 10000) == errc{});
        CHECK(out == std::string(10000, '0'));
    }
}

TEST_CASE("bytes that are no compressed message are refused as a naive decoder does") {
    std::mt19937 random{test_seed() + 35};
    int good = 0;
    for (int round = 0; round != 3000; ++round) {
        CAPTURE(test_seed(), round);
        const auto options = options_of(true);
        auto ends = connect(options_of(false), options_of(false));
        std::string bytes;
        if (round % 3 == 0) bytes = random_bytes(random, random() % 30);
        if (round % 3 != 0) {
            bytes = compressed(*ends.server, random_message(random, random() % 300 + 1));
            if (round % 3 == 1) bytes.resize(random() % bytes.size());
            if (round % 3 == 2)
                bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
        }
        const auto expected = naive_inflater::decode(bytes);
        for (const std::size_t step : {std::size_t{1}, no_limit}) {
            auto end = connect(options, options);
            std::string out;
            const auto error = restore(*end.client, bytes, out, step);
            if (expected) {
                REQUIRE(error == errc{});
                REQUIRE(out == *expected);
            } else {
                REQUIRE(error == errc::protocol_error);
            }
        }
        good += expected.has_value();
    }
    CHECK(good > 20);
}

TEST_CASE("a client and a server agree in their handshake") {
    constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
    const permessage_deflate server{options_of(true, 15, 10)}, client{options_of(false, 9, 15)};
    const upgrade_offer offer{.deflate = &client};
    http::request asked;
    REQUIRE(http::parse_request(make_upgrade_request("h", "/", key, {}, offer), asked).state ==
            http::parse_result::complete);
    CHECK(asked.header("Sec-WebSocket-Extensions") == client.offer());
    const auto accepted = accept_upgrade(asked, {}, &server);
    REQUIRE(accepted.compression);
    const std::string agreed =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=9; client_max_window_bits=10";
    CHECK(accepted.response.find("Sec-WebSocket-Extensions: " + agreed + "\r\n") !=
          std::string::npos);
    const auto answered = read_upgrade_response(accepted.response, key, offer);
    CHECK_FALSE(answered.error);
    REQUIRE(answered.compression);
    const auto hello = compressed(*accepted.compression, "Hello, hello, hello");
    CHECK(restored(*answered.compression, hello) == "Hello, hello, hello");

    // Neither may speak alone.
    CHECK(check_upgrade_response(accepted.response, key) == errc::bad_request);
    CHECK(accept_upgrade(asked).compression == nullptr);
    const auto declined = read_upgrade_response(accept_upgrade(asked).response, key, offer);
    CHECK_FALSE(declined.error);
    CHECK(declined.compression == nullptr);
}

TEST_CASE("options out of range are refused at construction") {
    CHECK_THROWS_AS(permessage_deflate{{.level = 10}}, std::invalid_argument);
    CHECK(permessage_deflate{}.accept("foo").connection == nullptr);
    CHECK(permessage_deflate{}.confirm("foo").connection == nullptr);
}
