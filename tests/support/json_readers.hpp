#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <millrace/codec/json_decoder.hpp>

namespace millrace::testing_json {

enum class side { buy, sell };

/// A field of every kind, with names of many sizes, some of which differ little.
struct order {
    std::string_view symbol;
    std::string note;
    double price = 0;
    float discount = 0;
    std::int64_t size = 0;
    std::uint64_t id = 0;
    std::int8_t venue = 0;
    bool is_live = false;
    side way = side::buy;
    std::optional<double> limit;
    std::optional<std::string_view> owner;
    std::optional<bool> is_hidden;
    timestamp time{};
    std::optional<timestamp> received;
};

}  // namespace millrace::testing_json

template <>
inline constexpr auto millrace::schema<millrace::testing_json::side> =
    millrace::enumerators(millrace::enumerator{"buy", millrace::testing_json::side::buy},
                          millrace::enumerator{"sell", millrace::testing_json::side::sell});
template <>
inline constexpr auto millrace::schema<millrace::testing_json::order> = [] {
    using millrace::testing_json::order;
    return millrace::fields(
        millrace::field{"s", &order::symbol}, millrace::field{"note", &order::note},
        millrace::field{"price", &order::price}, millrace::field{"", &order::discount},
        millrace::field{"S", &order::size}, millrace::field{"order_id", &order::id},
        millrace::field{"venue_of_execution", &order::venue},
        millrace::field{"is_live_now_and_then", &order::is_live},
        millrace::field{"side", &order::way}, millrace::field{"prices", &order::limit},
        millrace::field{"the_name_of_its_owner_at_the_time", &order::owner},
        millrace::field{"gr\u00FC\u00DF", &order::is_hidden},
        millrace::event_time{"T", &order::time, millrace::time_format::milliseconds},
        millrace::field{"t", &order::received, millrace::time_format::nanoseconds});
}();

namespace millrace::testing_json {

/// Takes no object, so that RapidJSON's reader has them all.
struct no_reader {
    no_reader(detail::json_bytes, const codec_limits&, std::size_t, detail::member_order&) {}
    static const char* read(const char*, const order&) { return nullptr; }
};

/// Reads directly, and counts.
struct counting_reader : detail::direct_reader<order> {
    using detail::direct_reader<order>::direct_reader;
    const char* read(const char* at, order& event) const {
        const char* const end = detail::direct_reader<order>::read(at, event);
        if (end != nullptr) ++read_objects;
        return end;
    }
    inline static std::size_t read_objects = 0;
};

template <class Value>
void append_bits(std::string& to, const Value& value) {
    if constexpr (is_optional<Value>) {
        to += value ? '+' : '-';
        if (value) append_bits(to, *value);
    } else if constexpr (text<Value>) {
        to.append(std::to_string(value.size())).append(":").append(value);
    } else {
        const auto bits = std::bit_cast<std::array<char, sizeof value>>(value);
        to.append(bits.data(), bits.size());
    }
}

/// Everything that a decoder tells of the message, in order. The message lies in a block of its
/// size and the one byte behind it.
template <class Reader>
std::string told_by(json_decoder<order, Reader>& decoder, std::string_view message) {
    const auto block = std::make_unique<char[]>(message.size() + 1);
    std::copy(message.begin(), message.end(), block.get());
    block[message.size()] = '7';  // would lengthen a number
    std::string told;
    decoder.decode(
        std::span{block.get(), message.size()},
        [&](const order& event) {
            told += "event ";
            schema<order>.for_each([&](const auto& each) { append_bits(told, each.get(event)); });
            // A refusal tells the event's offset.
            return event.venue == 13 ? errc::out_of_range : errc{};
        },
        [&](const input_error& error) {
            told.append("\nerror ").append(std::to_string(error.index));
            told.append(" ").append(error.code.message()).append(" ").append(error.field);
            told.append(" ").append(std::to_string(error.offset));
            told.append(" ").append(std::to_string(error.unread_bytes)).append("\n");
        });
    if (block[message.size()] != '7') told += "the byte behind is changed";
    return told;
}

}  // namespace millrace::testing_json
