#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/codec/json_stream.hpp>
#include <millrace/core/error.hpp>

namespace millrace {

enum class json_kind { null, boolean, number, string, array, object };

/// One value of a JSON object, or of an array in it.
struct json_member {
    std::string_view name;
    json_kind kind;
    std::string_view text;    ///< a string's, unescaped; another scalar's as it is written
    bool is_element = false;  ///< of the array that is called `name`
};

namespace detail {

template <class F>
class member_handler {
public:
    member_handler(json_text& text, F& f) noexcept : text_{text}, f_{f} {}

    [[nodiscard]] errc error() const noexcept { return error_; }

    bool Null() { return value(json_kind::null, "null"); }
    bool Bool(bool is_true) { return value(json_kind::boolean, is_true ? "true" : "false"); }
    bool RawNumber(const char*, rapidjson::SizeType, bool) {
        if (!text_.is_number) return false;
        text_.restore_number();
        return value(json_kind::number, {text_.number.begin, text_.number.end});
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return !text_.has_lone_surrogate && value(json_kind::string, {text, size});
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 1) name_ = {text, size};
        return !text_.has_lone_surrogate;
    }
    bool StartObject() { return depth_ == 0 ? enter() : value(json_kind::object) && enter(); }
    bool EndObject(rapidjson::SizeType) { return leave(); }
    bool StartArray() {
        if (!value(json_kind::array)) return false;
        if (depth_ == 1) is_in_array_ = true;
        return enter();
    }
    bool EndArray(rapidjson::SizeType) { return leave(); }

    // Numbers come as `RawNumber` only.
    static bool Int(int) { return false; }
    static bool Uint(unsigned) { return false; }
    static bool Int64(std::int64_t) { return false; }
    static bool Uint64(std::uint64_t) { return false; }
    static bool Double(double) { return false; }

private:
    static constexpr std::size_t max_depth = 64;

    bool value(json_kind kind, std::string_view text = {}) {
        if (depth_ == 0) return stop(errc::not_an_object);
        const bool is_element = depth_ == 2 && is_in_array_;
        if (depth_ == 1 || is_element) f_(json_member{name_, kind, text, is_element});
        return true;
    }

    bool enter() noexcept { return ++depth_ <= max_depth || stop(errc::too_deep); }

    bool leave() noexcept {
        if (--depth_ == 1) is_in_array_ = false;
        return true;
    }

    bool stop(errc error) noexcept {
        error_ = error;
        return false;
    }

    json_text& text_;
    F& f_;
    std::string_view name_;
    std::size_t depth_ = 0;
    bool is_in_array_ = false;
    errc error_ = errc::malformed_json;
};

}  // namespace detail

/// Calls `f(const json_member&)` for each member of the JSON object that `text` is, in order, and
/// behind an array's for each of its elements. It is for small objects whose members are known only
/// loosely; for events see `json_decoder`. Names that are given twice are told twice. What is
/// nested deeper is checked and skipped. Views are good until `f` returns.
///
/// Errors: `errc::malformed_json`, `errc::invalid_utf8`, `errc::nul_byte`, `errc::too_deep` beyond
/// 64 levels, `errc::not_an_object`; what came before the error has been told. Complexity: linear.
template <class F>
std::error_code read_json_members(std::string text, F&& f) {
    if (text.find('\0') != text.npos) return errc::nul_byte;
    detail::json_text source{text.data(), text.data() + text.size()};
    detail::json_stream in{source, text.data()};
    detail::member_handler handler{source, f};
    detail::json_reader reader;
    if (reader.Parse<detail::json_flags>(in, handler).IsError()) {
        if (reader.GetParseErrorCode() == rapidjson::kParseErrorStringInvalidEncoding)
            return errc::invalid_utf8;
        return handler.error();
    }
    if (detail::skip_white_space(in.position()) != source.end) return errc::malformed_json;
    return {};
}

}  // namespace millrace
