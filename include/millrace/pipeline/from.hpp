#pragma once

#include <string>
#include <utility>

#include <millrace/codec/json.hpp>
#include <millrace/core/stage.hpp>

namespace millrace {

template <class Event, class Codec>
struct from_stage {
    using event_type = Event;
    using codec_type = Codec;

    std::string name;
    codec_limits limits;
};

/// The start of a pipeline: a stream of `Event`, decoded by `Codec`. An endpoint takes its
/// messages on the path `/name`.
template <class Event, class Codec = json>
[[nodiscard]] from_stage<Event, Codec> from(std::string name, codec_limits limits = {}) {
    require_codec<Codec, Event>();
    return {std::move(name), limits};
}

}  // namespace millrace
