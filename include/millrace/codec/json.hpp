#pragma once

#include <millrace/codec/json_decoder.hpp>
#include <millrace/codec/json_encoder.hpp>

namespace millrace {

/// JSON (RFC 8259): the default codec.
struct json {
    template <class Event>
    using decoder = json_decoder<Event>;
    template <class Record>
    using encoder = json_encoder<Record>;
};

}  // namespace millrace
