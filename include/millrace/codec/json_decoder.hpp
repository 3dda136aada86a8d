#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/event_handler.hpp>
#include <millrace/codec/json_stream.hpp>

namespace millrace {

namespace detail {

/// Puts a NUL behind the message and, when it goes, back what was there.
class terminator {
public:
    explicit terminator(std::span<char> message) noexcept
        : end_{message.data() + message.size()}, was_{*end_} {
        *end_ = '\0';
    }
    terminator(const terminator&) = delete;
    terminator& operator=(const terminator&) = delete;
    ~terminator() { *end_ = was_; }

private:
    char* end_;
    char was_;
};

[[nodiscard]] inline char* find_byte(char* begin, char* end, char byte) noexcept {
    void* const found = std::memchr(begin, byte, static_cast<std::size_t>(end - begin));
    return found == nullptr ? end : static_cast<char*>(found);
}

/// Whether an object begins at the beginning of a line where it does not continue the text above,
/// as in valid JSON it always does. `at` is at what is not white space.
[[nodiscard]] inline bool has_lines(char* at, char* end) noexcept {
    for (char* next = at; (next = find_byte(next, end, '\n')) != end; ++next) {
        if (next[1] != '{') continue;
        const char* before = next;
        while (start_of(*before) == json_start::white_space) --before;
        if (*before != ',' && *before != ':' && *before != '[') return true;
    }
    return false;
}

}  // namespace detail

/// Decodes JSON (RFC 8259) into `Event`, a struct with a `schema`. A message is one of
///
/// - an object: one event;
/// - an array of objects;
/// - lines of objects (NDJSON). Blank lines do not count. An object may take several lines where
///   it is alone: a message is lines when one after the first begins with a brace that does not
///   follow a comma, colon or bracket.
///
/// An event that is refused does not harm its neighbours, except in an array whose text is
/// malformed or nested too deep: what comes before is delivered, the rest is refused as one.
/// A message with a NUL byte, or one larger than 4 GiB, is refused whole.
///
/// Members that the schema does not name are skipped. Of the others, a number converts to an
/// integer only when it has neither fraction nor exponent, and to floating point correctly
/// rounded; an enumeration is given by name, a time as RFC 3339 or as an integer in the field's
/// unit. A `std::optional` may be absent or null. An error's offset is that of the value, of the
/// second name of a duplicate, of the brace before a missing field, or where the text is not JSON.
/// UTF-8 is validated; a byte order mark is refused.
///
/// Complexity: linear in the message. Memory: one event; nothing is allocated but by members of
/// `std::string`. Recursion is bounded by `max_depth`.
template <described Event>
class json_decoder {
    static_assert(std::default_initializable<Event>,
                  "an event needs: a default constructor (see millrace/codec/json_decoder.hpp)");
    static_assert(detail::has_scalar_fields<Event>(),
                  "an event needs: fields that are bool, numbers, std::string, std::string_view, "
                  "timestamps, enumerations with a schema, or std::optional of these "
                  "(see millrace/core/schema.hpp)");

public:
    explicit json_decoder(codec_limits limits = {}) : limits_{limits} {}

    /// Calls `on_event(const Event&)` or `on_error(const input_error&)` for each event in turn.
    /// The event and its views into the message are good until `on_event` returns. Changes the
    /// message; the byte behind it must be writable, and is restored on return. Neither handler
    /// may call this decoder.
    template <class OnEvent, class OnError>
    void decode(std::span<char> message, OnEvent&& on_event, OnError&& on_error) {
        if (message.size() > std::numeric_limits<std::uint32_t>::max()) {
            on_error(input_error{0, errc::message_too_big, {}, 0});
            return;
        }
        if (message.empty()) {
            on_error(input_error{0, errc::malformed_json, {}, 0});
            return;
        }
        char* const begin = message.data();
        char* const end = begin + message.size();
        if (char* const nul = detail::find_byte(begin, end, '\0'); nul != end) {
            on_error(input_error{0, errc::nul_byte, {}, offset(begin, nul)});
            return;
        }
        const detail::terminator guard{message};
        if (char* const first = detail::skip_white_space(begin); *first == '[') {
            decode_array(begin, first + 1, end, on_event, on_error);
        } else if (first != end && detail::has_lines(first, end)) {
            decode_lines(begin, end, on_event, on_error);
        } else {
            decode_line(0, begin, begin, end, on_event, on_error);
        }
    }

private:
    using handler = detail::event_handler<Event>;

    [[nodiscard]] static std::size_t offset(const char* message, const char* at) noexcept {
        return static_cast<std::size_t>(at - message);
    }

    /// Reads one value. False when the reader stopped before the value's end.
    static bool read(detail::json_reader& reader, detail::json_stream& in, handler& to) {
        to.begin();
        return !reader.Parse<detail::json_flags>(in, to).IsError();
    }

    template <class OnError>
    static void report_stop(std::size_t index, const detail::json_reader& reader,
                            const handler& stopped, OnError& on_error) {
        input_error error{index, errc::malformed_json, {}, reader.GetErrorOffset()};
        if (stopped.is_fatal()) {
            error = stopped.error();
            error.index = index;
        } else if (reader.GetParseErrorCode() == rapidjson::kParseErrorStringInvalidEncoding) {
            error.code = errc::invalid_utf8;
        }
        on_error(error);
    }

    template <class OnEvent, class OnError>
    void deliver(std::size_t index, const handler& done, OnEvent& on_event, OnError& on_error) {
        if (done.has_error()) {
            input_error error = done.error();
            error.index = index;
            on_error(error);
        } else {
            on_event(static_cast<const Event&>(event_));
        }
    }

    template <class OnEvent, class OnError>
    void decode_array(char* message, char* at, char* end, OnEvent& on_event, OnError& on_error) {
        detail::json_text text{message, end};
        detail::json_stream in{text, at};
        detail::json_reader reader;
        handler to{limits_, event_, in, 1};
        std::size_t index = 0;
        const auto malformed = [&] {
            on_error(input_error{index, errc::malformed_json, {}, in.Tell()});
        };

        in.skip_to(detail::skip_white_space(in.position()));
        if (in.Peek() == ']') {
            in.Take();
        } else {
            for (;; ++index) {
                if (index == limits_.max_events) {
                    on_error(input_error{index, errc::too_many_events, {}, in.Tell()});
                    return;
                }
                if (!read(reader, in, to)) {
                    report_stop(index, reader, to, on_error);
                    return;
                }
                deliver(index, to, on_event, on_error);
                in.skip_to(detail::skip_white_space(in.position()));
                if (in.Peek() == ',') {
                    in.Take();
                } else if (in.Peek() == ']') {
                    in.Take();
                    ++index;
                    break;
                } else {
                    ++index;
                    malformed();
                    return;
                }
            }
        }
        in.skip_to(detail::skip_white_space(in.position()));
        if (in.position() != end) malformed();
    }

    template <class OnEvent, class OnError>
    void decode_lines(char* message, char* end, OnEvent& on_event, OnError& on_error) {
        std::size_t index = 0;
        for (char* at = message; at < end;) {
            char* const line_end = detail::find_byte(at, end, '\n');
            *line_end = '\0';
            if (*detail::skip_white_space(at) != '\0') {
                if (index == limits_.max_events) {
                    on_error(input_error{index, errc::too_many_events, {}, offset(message, at)});
                    return;
                }
                decode_line(index++, message, at, line_end, on_event, on_error);
            }
            at = line_end + 1;
        }
    }

    template <class OnEvent, class OnError>
    void decode_line(std::size_t index, char* message, char* at, char* end, OnEvent& on_event,
                     OnError& on_error) {
        detail::json_text text{message, end};
        detail::json_stream in{text, at};
        detail::json_reader reader;
        handler to{limits_, event_, in, 0};
        if (!read(reader, in, to)) {
            report_stop(index, reader, to, on_error);
            return;
        }
        in.skip_to(detail::skip_white_space(in.position()));
        if (in.position() != end) {
            on_error(input_error{index, errc::malformed_json, {}, in.Tell()});
            return;
        }
        deliver(index, to, on_event, on_error);
    }

    codec_limits limits_;
    Event event_{};
};

}  // namespace millrace
