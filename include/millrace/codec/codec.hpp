#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/error.hpp>

namespace millrace {

/// Why one event of a message was refused.
struct input_error {
    std::size_t index = 0;     ///< which event of the message, from 0
    std::error_code code{};    ///< a value of `errc`
    std::string_view field{};  ///< the field's name in the schema; empty where none is to blame
    std::size_t offset = 0;    ///< where in the message, in bytes from its beginning

    /// Where the next event could not be told: so many bytes at the message's end were given up,
    /// with all events in them. Then it is the message's last error.
    std::size_t unread_bytes = 0;
};

/// What a message may ask of a decoder.
struct codec_limits {
    std::size_t max_depth = 64;                ///< nested arrays and objects; above 512 means 512
    std::size_t max_members = 1024;            ///< members of any one object
    std::size_t max_string_bytes = 64 * 1024;  ///< any one string, unescaped
    std::size_t max_name_bytes = 256;          ///< the name of any one member, unescaped
    std::size_t max_events = 100'000;          ///< events of one message; the rest is not read

    /// Those that are not the default.
    template <class To>
    void describe(To& to) const {
        const codec_limits usual{};
        to.tunable("max_depth", max_depth, usual.max_depth);
        to.tunable("max_members", max_members, usual.max_members);
        to.tunable("max_string_bytes", max_string_bytes, usual.max_string_bytes);
        to.tunable("max_name_bytes", max_name_bytes, usual.max_name_bytes);
        to.tunable("max_events", max_events, usual.max_events);
    }
};

namespace detail {

inline constexpr std::size_t hardest_depth = 512;  // a reader's recursion takes stack

struct ignore_input {
    template <class Event>
    void operator()(const Event&) const noexcept {}
};

}  // namespace detail

/// The Codec policy: bytes to typed events, and records to bytes. The least that one needs:
///
///     struct my_codec {
///         template <class Event> struct decoder {
///             explicit decoder(millrace::codec_limits);
///             template <class OnEvent, class OnError>
///             void decode(std::span<char> message, OnEvent&& on_event, OnError&& on_error);
///         };
///         template <class Record> struct encoder {
///             explicit encoder(std::string_view key_name);
///             void encode(const Record&, std::string& out) const;
///         };
///     };
///
/// | member                          | meaning                                                  |
/// |---------------------------------|----------------------------------------------------------|
/// | `decoder<Event>(codec_limits)`  | makes a decoder                                          |
/// | `decode(message, f, g)`         | for each event in turn: `f(const Event&)` when all of it |
/// |                                 | is good, else `g(const input_error&)`; `f` may return an |
/// |                                 | `errc`, which other than 0 is to be given to `g`         |
/// | `encoder<Record>(key_name)`     | makes an encoder, which calls the key `key_name`, its    |
/// |                                 | fields as `names_with_key<Record>(key_name)` says        |
/// | `encode(record, out) const`     | appends the record to `out`                              |
///
/// A decoder may change the message, and also the byte behind its end, which it restores before
/// it returns. An event's views are good until `f` returns.
template <class C, class Event, class Record = Event>
concept codec = std::constructible_from<typename C::template decoder<Event>, codec_limits> &&
    std::constructible_from<typename C::template encoder<Record>, std::string_view> &&
    requires(typename C::template decoder<Event>& in,
             const typename C::template encoder<Record>& out, std::span<char> message,
             const Record& record, std::string& text) {
    in.decode(message, detail::ignore_input{}, detail::ignore_input{});
    out.encode(record, text);
};

/// Stops the compiler with the first requirement that `C` misses.
template <class C, class Event, class Record = Event>
consteval void require_codec() {
#define MILLRACE_NEEDS(condition, member) \
    static_assert(condition, "codec needs: " member " (see millrace/codec/codec.hpp)")
    MILLRACE_NEEDS(
        requires { typename C::template decoder<Event>; }, "template <class Event> decoder");
    if constexpr (requires { typename C::template decoder<Event>; }) {
        using decoder = typename C::template decoder<Event>;
        MILLRACE_NEEDS((std::constructible_from<decoder, codec_limits>),
                       "decoder<Event>(codec_limits)");
        MILLRACE_NEEDS(
            requires(decoder & d, std::span<char> message) {
                d.decode(message, detail::ignore_input{}, detail::ignore_input{});
            },
            "void decode(std::span<char>, OnEvent&&, OnError&&)");
    }
    MILLRACE_NEEDS(
        requires { typename C::template encoder<Record>; }, "template <class Record> encoder");
    if constexpr (requires { typename C::template encoder<Record>; }) {
        using encoder = typename C::template encoder<Record>;
        MILLRACE_NEEDS((std::constructible_from<encoder, std::string_view>),
                       "encoder<Record>(std::string_view key_name)");
        MILLRACE_NEEDS(
            requires(const encoder& e, const Record& r, std::string& out) { e.encode(r, out); },
            "void encode(const Record&, std::string&) const");
    }
#undef MILLRACE_NEEDS
}

}  // namespace millrace
