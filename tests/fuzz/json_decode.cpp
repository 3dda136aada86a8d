// A message of events: it is decoded the same twice, and within its bytes.

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/codec/json_decoder.hpp>
#include <millrace/core/utf8.hpp>

#include "fuzz.hpp"

using namespace millrace;

namespace {

enum class side { buy, sell };

struct order {
    std::string_view symbol;
    std::string note;
    double price;
    std::int64_t size;
    std::uint8_t venue;
    bool is_live;
    side way;
    std::optional<float> limit;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<side> = millrace::enumerators(
    millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});

template <>
inline constexpr auto millrace::schema<order> = millrace::fields(
    millrace::field{"symbol", &order::symbol}, millrace::field{"note", &order::note},
    millrace::field{"price", &order::price}, millrace::field{"size", &order::size},
    millrace::field{"venue", &order::venue}, millrace::field{"is_live", &order::is_live},
    millrace::field{"way", &order::way}, millrace::field{"limit", &order::limit},
    millrace::event_time{"time", &order::time});

namespace {

/// What came of the message, written down.
std::string decode(std::string_view message) {
    // Of this size exactly, and the one byte behind that a decoder may use.
    const auto copy = std::make_unique<char[]>(message.size() + 1);
    std::memcpy(copy.get(), message.data(), message.size());
    copy[message.size()] = '#';
    std::string seen;
    bool is_given_up = false;
    json_decoder<order> decoder;
    decoder.decode(
        {copy.get(), message.size()},
        [&](const order& o) {
            fuzz::require(!is_given_up, "nothing comes behind what is given up");
            fuzz::require(is_valid_utf8(o.symbol) && is_valid_utf8(o.note), "texts are UTF-8");
            fuzz::require(std::isfinite(o.price), "numbers are finite");
            fuzz::require(o.way == side::buy || o.way == side::sell, "names are enumerators");
            seen.append(o.symbol).append(o.note).append(std::to_string(o.price));
        },
        [&](const input_error& e) {
            fuzz::require(!is_given_up, "nothing comes behind what is given up");
            fuzz::require(e.offset <= message.size(), "errors lie in the message");
            fuzz::require(e.unread_bytes <= message.size(), "what is given up is of the message");
            is_given_up = e.unread_bytes != 0;
            seen.append(e.code.message()).append(std::to_string(e.offset));
        });
    fuzz::require(copy[message.size()] == '#', "the byte behind is restored");
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string message{reinterpret_cast<const char*>(data), size};
    if (!is_valid_utf8(message)) return 0;  // a text message is
    fuzz::require(decode(message) == decode(message), "decoding is repeatable");
    return 0;
}
