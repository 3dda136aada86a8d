#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/direct_reader.hpp>
#include <millrace/codec/event_handler.hpp>
#include <millrace/codec/json_nesting.hpp>
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

/// Whether the text, whose first line that is not blank is [at, first_end), is lines of values and
/// not one value. It is, when nothing is open at that line's end and more follows; or when a line
/// begins with a brace that does not continue the text above, as in valid JSON it always does.
[[nodiscard]] inline bool has_lines(char* at, char* first_end, char* end) noexcept {
    for (char* next = first_end; next != end; next = find_byte(next + 1, end, '\n')) {
        if (next[1] != '{') continue;
        const char* before = next;
        while (start_of(*before) == json_start::white_space) --before;
        if (*before != ',' && *before != ':' && *before != '[') return true;
    }
    return skip_white_space(first_end) != end && !leaves_open(at, first_end);
}

}  // namespace detail

/// Decodes JSON (RFC 8259) into `Event`, a struct with a `schema`. A message is one of
///
/// - an object: one event;
/// - an array of objects;
/// - lines of objects (NDJSON). Blank lines do not count. An object may take several lines where
///   it is alone: a message is lines when strings and brackets are all closed at the first line's
///   end, or when a line after it begins with a brace that does not follow a comma, colon or
///   bracket.
///
/// An event that is refused does not harm its neighbours: a line ends at its newline, an array's
/// element at the comma behind it. Where an element's text is malformed, that comma can be told
/// only if quotes and brackets are in order from there to the message's end. If they are not, such
/// as without a string's closing quote, what comes before is delivered and the rest refused as
/// one; so is a malformed object of several lines, which could have been lines.
/// `input_error::unread_bytes` says how much that is. A message larger than 4 GiB is refused whole.
///
/// Members that the schema does not name are skipped. Of the others, a number converts to an
/// integer only when it has neither fraction nor exponent, and to floating point correctly
/// rounded; an enumeration is given by name, a time as RFC 3339 or as an integer in the field's
/// unit. A `std::optional` may be absent or null. An error's offset is that of the value, of the
/// second name of a duplicate, of the brace before a missing field, or where the text is not JSON.
/// UTF-8 is validated; a byte order mark is refused.
///
/// Two readers do this. An object without errors and escapes, which nearly every one is, is read
/// straight into the event by a `Reader`; whatever that does not take, RapidJSON's reader reads
/// from the object's beginning. Events and errors do not depend on which of them it was.
///
/// Complexity: linear in the message. Memory: one event and 1 KB; nothing is allocated but by
/// members of `std::string`. Recursion is bounded by `max_depth`.
template <described Event, class Reader = detail::direct_reader<Event>>
class json_decoder {
    static_assert(std::default_initializable<Event>,
                  "an event needs: a default constructor (see millrace/codec/json_decoder.hpp)");
    static_assert(detail::has_scalar_fields<Event>(),
                  "an event needs: fields that are bool, numbers, std::string, std::string_view, "
                  "timestamps, enumerations with a schema, or std::optional of these "
                  "(see millrace/core/schema.hpp)");

public:
    explicit json_decoder(codec_limits limits = {}) : limits_{limits} {}

    /// Calls `on_event(const Event&)` or `on_error(const input_error&)` for each event in turn;
    /// both where `on_event` refuses it, by an `errc` other than 0 that it returns.
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
        const detail::terminator guard{message};
        char* const first = detail::skip_white_space(begin);
        if (*first == '[') {
            decode_array(begin, first + 1, end, on_event, on_error);
            return;
        }
        const Reader direct{{begin, end}, limits_, 0, order_};
        if (direct.read(first, event_) == end) {
            deliver_event(0, offset(begin, first), on_event, on_error);
            return;
        }
        char* const first_end = detail::find_byte(first, end, '\n');
        if (first_end != end && detail::has_lines(first, first_end, end)) {
            decode_lines(begin, end, direct, on_event, on_error);
        } else {
            decode_value(0, begin, begin, first_end, end, on_event, on_error);
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

    [[nodiscard]] static errc code_at(const char* at, const char* end) noexcept {
        return at != end && *at == '\0' ? errc::nul_byte : errc::malformed_json;
    }

    /// Why the reader stopped.
    [[nodiscard]] static input_error stop_of(std::size_t index, const detail::json_reader& reader,
                                             const detail::json_text& text,
                                             const handler& stopped) {
        input_error error{index, {}, {}, reader.GetErrorOffset()};
        if (stopped.is_fatal()) {
            error = stopped.error();
            error.index = index;
        } else if (reader.GetParseErrorCode() == rapidjson::kParseErrorStringInvalidEncoding) {
            error.code = errc::invalid_utf8;
        } else {
            error.code = code_at(text.message + error.offset, text.end);
        }
        return error;
    }

    template <class OnEvent, class OnError>
    void deliver(std::size_t index, const handler& done, OnEvent& on_event, OnError& on_error) {
        if (done.has_error()) {
            input_error error = done.error();
            error.index = index;
            on_error(error);
        } else {
            deliver_event(index, done.offset(), on_event, on_error);
        }
    }

    template <class OnEvent, class OnError>
    void deliver_event(std::size_t index, std::size_t offset, OnEvent& on_event,
                       OnError& on_error) {
        if constexpr (std::same_as<std::invoke_result_t<OnEvent&, const Event&>, errc>) {
            const errc refusal = on_event(static_cast<const Event&>(event_));
            if (refusal != errc{}) on_error(input_error{index, refusal, {}, offset});
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
        const Reader direct{{message, end}, limits_, 1, order_};
        std::size_t index = 0;
        bool is_in_order = false;  // the rest's quotes and brackets
        const auto malformed = [&] {
            return input_error{index, code_at(in.position(), end), {}, in.Tell()};
        };
        const auto give_up = [&](const char* begin, input_error error) {
            error.unread_bytes = offset(begin, end);
            on_error(error);
        };
        const auto skip_element = [&](const char* begin, bool is_value_read) {
            const bool is_in_text =
                !is_value_read && detail::is_in_string(reader.GetParseErrorCode());
            const input_error error =
                is_value_read ? malformed() : stop_of(index, reader, text, to);
            const bool is_at_offset = is_in_text || error.code == errc::too_deep;
            char* const from = is_at_offset ? message + error.offset : in.position();
            detail::json_nesting inside{to.leave(), is_in_text};
            is_in_order = is_in_order || detail::has_whole_elements(inside, from, end);
            if (!is_in_order) {
                give_up(begin, error);
                return false;
            }
            in.skip_to(inside.end_of_element(from, end));
            text.has_lone_surrogate = false;
            on_error(error);
            return true;
        };

        const auto read_element = [&](const char* begin) {
            const bool is_value_read = read(reader, in, to);
            if (is_value_read) in.skip_to(detail::skip_white_space(in.position()));
            if (!is_value_read ||
                (in.Peek() != ',' && in.Peek() != ']' && (in.position() != end || to.has_error())))
                return skip_element(begin, is_value_read);
            deliver(index, to, on_event, on_error);
            return true;
        };

        in.skip_to(detail::skip_white_space(in.position()));
        for (bool is_more = in.Peek() != ']'; is_more; ++index) {
            if (index == limits_.max_events) {
                give_up(in.position(), {index, errc::too_many_events, {}, in.Tell()});
                return;
            }
            const char* const begin = in.position();
            const char* const brace = detail::skip_white_space(in.position());
            const char* const behind = direct.read(brace, event_);
            if (behind != nullptr && (*behind == ',' || *behind == ']' || behind == end)) {
                in.skip_to(behind);
                deliver_event(index, offset(message, brace), on_event, on_error);
            } else if (!read_element(begin)) {
                return;
            }
            is_more = in.Peek() == ',';
            if (is_more) in.Take();
        }
        const bool is_closed = in.Peek() == ']';
        if (is_closed) in.skip_to(detail::skip_white_space(in.position() + 1));
        if (!is_closed || in.position() != end) give_up(in.position(), malformed());
    }

    template <class OnEvent, class OnError>
    void decode_lines(char* message, char* end, const Reader& direct, OnEvent& on_event,
                      OnError& on_error) {
        std::size_t index = 0;
        for (char* at = message; at < end;) {
            char* const line_end = detail::find_byte(at, end, '\n');
            *line_end = '\0';
            if (char* const first = detail::skip_white_space(at); first != line_end) {
                if (index == limits_.max_events) {
                    on_error(input_error{
                        index, errc::too_many_events, {}, offset(message, at), offset(at, end)});
                    return;
                }
                if (direct.read(first, event_) == line_end) {
                    deliver_event(index, offset(message, first), on_event, on_error);
                } else {
                    decode_value(index, message, at, line_end, line_end, on_event, on_error);
                }
                ++index;
            }
            at = line_end + 1;
        }
    }

    /// `first_end`: the end of the value's first line.
    template <class OnEvent, class OnError>
    void decode_value(std::size_t index, char* message, char* at, char* first_end, char* end,
                      OnEvent& on_event, OnError& on_error) {
        detail::json_text text{message, end};
        detail::json_stream in{text, at};
        detail::json_reader reader;
        handler to{limits_, event_, in, 0};
        const bool is_read = read(reader, in, to);
        if (is_read) in.skip_to(detail::skip_white_space(in.position()));
        if (is_read && in.position() == end) {
            deliver(index, to, on_event, on_error);
            return;
        }
        input_error error = stop_of(index, reader, text, to);
        if (is_read) error = {index, code_at(in.position(), end), {}, in.Tell()};
        error.unread_bytes = offset(detail::skip_white_space(first_end), end);
        on_error(error);
    }

    codec_limits limits_;
    detail::member_order order_;
    Event event_{};
};

}  // namespace millrace
