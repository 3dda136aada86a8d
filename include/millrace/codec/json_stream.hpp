#pragma once

#include <cstddef>
#include <cstring>

#include <rapidjson/reader.h>

#include <millrace/codec/json_number.hpp>
#include <millrace/codec/json_token.hpp>
#include <millrace/codec/plain_run.hpp>
#include <millrace/core/utf8.hpp>

namespace millrace::detail {

/// What stays the same while a text is read, and what the stream finds for the reader's handler.
struct json_text {
    const char* message;  ///< what offsets are counted from
    const char* end;      ///< holds a NUL
    json_number number{};
    char last_of_number = '0';  ///< in its place the reader is shown 0
    bool is_number = false;
    bool has_lone_surrogate = false;

    void restore_number() const noexcept {
        const_cast<char&>(number.end[-1]) = last_of_number;  // the message is not const
    }
};

/// The in-situ stream that RapidJSON's reader parses a message from. It does two things that the
/// reader alone does byte by byte, or wrongly:
///
/// - Runs of plain characters in strings go 16 bytes a step, and UTF-8 is validated without
///   reading behind the text (see `json_utf8`).
/// - A number is taken apart here, before the reader comes to it, and shown to the reader as `0`
///   (see `SkipWhitespace`). The reader would stop at 1e400, also in a member nobody asked for,
///   and would convert every number that is skipped.
class json_stream {
public:
    using Ch = char;

    json_stream(json_text& text, char* begin) noexcept
        : source_{begin}, target_{begin}, text_{&text} {}

    [[nodiscard]] char Peek() const noexcept { return *source_; }
    char Take() noexcept { return *source_++; }
    [[nodiscard]] std::size_t Tell() const noexcept {
        return static_cast<std::size_t>(source_ - text_->message);
    }
    char* PutBegin() noexcept { return target_ = source_; }
    void Put(char c) noexcept { *target_++ = c; }
    [[nodiscard]] std::size_t PutEnd(char* begin) const noexcept {
        return static_cast<std::size_t>(target_ - begin);
    }
    static void Flush() noexcept {}

    [[nodiscard]] char* position() const noexcept { return source_; }
    [[nodiscard]] json_text& text() const noexcept { return *text_; }

    void skip_to(const char* position) noexcept { source_ += position - source_; }

    /// Puts what lies before `position`.
    void copy_to(const char* position) noexcept {
        const auto size = static_cast<std::size_t>(position - source_);
        if (target_ != source_) std::memmove(target_, source_, size);
        source_ += size;
        target_ += size;
    }

private:
    char* source_;
    char* target_;
    json_text* text_;
};

/// The reader calls this before every value, and elsewhere where no number may be.
inline void SkipWhitespace(json_stream& in) noexcept {
    if (start_of(in.Peek()) == json_start::other) return;
    in.skip_to(skip_white_space(in.position()));
    if (start_of(in.Peek()) != json_start::number) return;
    json_text& text = in.text();
    const char* const end = scan_number(in.position(), text.end, text.number);
    text.is_number = end != nullptr && ends_number(*end);
    if (!text.is_number) return;
    in.skip_to(text.number.end - 1);
    text.last_of_number = in.Peek();
    *in.position() = '0';
}

/// UTF-8 as the reader's templates want it. What it inherits is compiled and never called.
struct json_utf8 : rapidjson::UTF8<> {
    using UTF8::Encode;
    using UTF8::Validate;

    /// The reader refuses the first half of a surrogate pair alone, but not the second.
    static void Encode(json_stream& out, unsigned code_point) noexcept {
        if (code_point >= 0xDC00 && code_point <= 0xDFFF) out.text().has_lone_surrogate = true;
        UTF8::Encode(out, code_point);
    }

    /// Copies at least one character. `in` and `out` are the same stream.
    static bool Validate(json_stream& in, json_stream&) noexcept {
        const char* const begin = in.position();
        const char* run = end_of_plain_run(begin, in.text().end);
        if (run == begin) {
            // Not ASCII: the reader has seen to quotes, backslashes and control characters.
            const auto left = static_cast<std::size_t>(in.text().end - begin);
            const std::size_t size = utf8_sequence_bytes(begin, left);
            if (size == 0) return false;
            run += size;
        }
        in.copy_to(run);
        return true;
    }
};

using json_reader = rapidjson::GenericReader<json_utf8, json_utf8>;

/// Whether the reader stopped inside a string. Its error's offset, then, is that of the character
/// or of the backslash, none of which has been written over.
[[nodiscard]] constexpr bool is_in_string(rapidjson::ParseErrorCode code) noexcept {
    return code >= rapidjson::kParseErrorStringUnicodeEscapeInvalidHex &&
           code <= rapidjson::kParseErrorStringInvalidEncoding;
}

/// The reader calls itself for nested values, which is faster than its iterative mode; the
/// handler bounds the depth.
inline constexpr unsigned json_flags =
    rapidjson::kParseInsituFlag | rapidjson::kParseValidateEncodingFlag |
    rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseStopWhenDoneFlag;

}  // namespace millrace::detail

RAPIDJSON_NAMESPACE_BEGIN

/// The reader works on the stream itself: a copy for each token was measured to be slower.
template <>
struct StreamTraits<millrace::detail::json_stream> {
    enum { copyOptimization = 0 };
};

RAPIDJSON_NAMESPACE_END
