#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/codec/json_decoder.hpp>

#include "catch.hpp"

namespace millrace {

/// An error as tests compare and print it.
struct fault {
    std::size_t index;
    errc code;
    std::string field;
    std::size_t offset;
    std::size_t unread_bytes = 0;

    friend bool operator==(const fault&, const fault&) = default;
    friend std::ostream& operator<<(std::ostream& out, const fault& f) {
        return out << f.index << ": " << make_error_code(f.code).message() << " '" << f.field
                   << "' at " << f.offset << ", unread " << f.unread_bytes;
    }
};

template <class Event>
struct decoded {
    std::vector<Event> events;
    std::vector<fault> faults;
    std::vector<bool> order;  // an event (true) or a fault, in the order of the calls
};

/// Decodes a copy of `text` in a buffer of its size and the one byte more that a decoder may
/// use, so that an address sanitizer sees any step beyond, and checks what each call must keep.
template <class Event, class Reader>
decoded<Event> decode(json_decoder<Event, Reader>& decoder, std::string_view text) {
    const auto buffer = std::make_unique<char[]>(text.size() + 1);
    std::copy(text.begin(), text.end(), buffer.get());
    buffer[text.size()] = '7';  // would lengthen a number at the end

    decoded<Event> all;
    decoder.decode(
        std::span{buffer.get(), text.size()},
        [&](const Event& event) {
            all.events.push_back(event);
            all.order.push_back(true);
        },
        [&](const input_error& error) {
            REQUIRE(error.code.category() == error_category());
            all.faults.push_back({error.index, static_cast<errc>(error.code.value()),
                                  std::string{error.field}, error.offset, error.unread_bytes});
            all.order.push_back(false);
        });
    REQUIRE(buffer[text.size()] == '7');
    return all;
}

template <class Event>
decoded<Event> decode(std::string_view text, codec_limits limits = {}) {
    json_decoder<Event> decoder{limits};
    return decode(decoder, text);
}

/// The one fault of a message that gives no event.
template <class Event>
fault fault_of(std::string_view text, codec_limits limits = {}) {
    const decoded<Event> all = decode<Event>(text, limits);
    INFO(text);
    REQUIRE(all.events.empty());
    REQUIRE(all.faults.size() == 1);
    return all.faults[0];
}

/// The one event of a message without a fault.
template <class Event>
Event event_of(std::string_view text, codec_limits limits = {}) {
    const decoded<Event> all = decode<Event>(text, limits);
    INFO(text);
    for (const fault& each : all.faults) UNSCOPED_INFO(each);
    REQUIRE(all.faults.empty());
    REQUIRE(all.events.size() == 1);
    return all.events[0];
}

}  // namespace millrace
