#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/field_names.hpp>
#include <millrace/codec/field_set.hpp>
#include <millrace/codec/field_value.hpp>
#include <millrace/codec/json_stream.hpp>

namespace millrace::detail {

/// Takes what RapidJSON's reader finds in one event's text into the event. The first fault is
/// kept; a fault that still lets the reader go on does not stop it, so that the next event is
/// found. What stops it is said to be fatal.
template <described Event>
class event_handler {
public:
    event_handler(const codec_limits& limits, Event& event, json_stream& in,
                  std::size_t depth) noexcept
        : limits_{limits},
          event_{event},
          in_{in},
          depth_left_{std::min(limits.max_depth, hardest_depth)} {
        depth_left_ -= std::min(depth_left_, depth);
    }

    /// Gets ready for an event whose text begins where the stream is.
    void begin() noexcept {
        error_.code.clear();
        is_fatal_ = false;
        depth_ = 0;
        current_ = root;
        next_ = 0;
        seen_ = {};
    }

    [[nodiscard]] bool has_error() const noexcept { return static_cast<bool>(error_.code); }
    [[nodiscard]] bool is_fatal() const noexcept { return is_fatal_; }
    [[nodiscard]] const input_error& error() const noexcept { return error_; }

    /// Leaves an event at which the reader stopped. Returns how many of its brackets are open, not
    /// counting one that was too deep.
    std::size_t leave() noexcept {
        depth_left_ += depth_;
        return std::exchange(depth_, 0);
    }

    /// Where the object's brace is.
    [[nodiscard]] std::size_t offset() const noexcept { return begin_; }

    bool StartObject() {
        if (!enter()) return false;
        if (current_ == root) {
            begin_ = in_.Tell() - 1;
            current_ = skipped;
        } else {
            refuse_nested();
        }
        return true;
    }

    bool EndObject(rapidjson::SizeType members) {
        --depth_;
        ++depth_left_;
        if (members > limits_.max_members) fail(errc::too_many_members, {}, in_.Tell() - 1);
        if (depth_ == 0) finish();
        return true;
    }

    bool StartArray() {
        if (!enter()) return false;
        refuse_nested();
        return true;
    }

    bool EndArray(rapidjson::SizeType) {
        --depth_;
        ++depth_left_;
        return true;
    }

    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (!check_text(text, size, limits_.max_name_bytes)) return false;
        if (depth_ != 1) return true;
        current_ = names::find({text, size}, next_);
        if (current_ == skipped) return true;
        next_ = current_ + 1;
        if (!seen_.add(current_)) {
            fail(errc::duplicate_field, name_of(current_), offset_of(text) - 1);
            current_ = skipped;
        }
        return true;
    }

    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (!check_text(text, size, limits_.max_string_bytes)) return false;
        assign([&] { return offset_of(text) - 1; },
               [&](auto& value, time_format format) {
                   return assign_text(engaged(value), {text, size}, format);
               });
        return true;
    }

    bool RawNumber(const char*, rapidjson::SizeType, bool) {
        const json_text& source = in_.text();
        if (!source.is_number) return false;
        source.restore_number();
        assign([&] { return offset_of(source.number.begin); },
               [&](auto& value, time_format format) {
                   return assign_number(engaged(value), source.number, format);
               });
        return true;
    }

    bool Bool(bool from) {
        assign([&] { return in_.Tell() - (from ? 4 : 5); },
               [&](auto& value, time_format) { return assign_bool(engaged(value), from); });
        return true;
    }

    bool Null() {
        assign([&] { return in_.Tell() - 4; },
               [](auto& value, time_format) { return assign_null(value); });
        return true;
    }

    // Numbers come as `RawNumber` only.
    static bool Int(int) { return false; }
    static bool Uint(unsigned) { return false; }
    static bool Int64(std::int64_t) { return false; }
    static bool Uint64(std::uint64_t) { return false; }
    static bool Double(double) { return false; }

private:
    using names = field_names<Event>;

    static constexpr std::size_t skipped = names::size;  // the value of a member to be skipped
    static constexpr std::size_t root = names::size + 1;

    [[nodiscard]] static std::string_view name_of(std::size_t index) noexcept {
        return schema<Event>.names()[index];
    }

    [[nodiscard]] std::size_t offset_of(const char* at) const noexcept {
        return in_.Tell() - static_cast<std::size_t>(in_.position() - at);
    }

    void fail(errc code, std::string_view field, std::size_t offset) noexcept {
        if (has_error()) return;
        error_.code = code;
        error_.field = field;
        error_.offset = offset;
    }

    bool stop(errc code, std::size_t offset) noexcept {
        error_.code.clear();
        fail(code, {}, offset);
        is_fatal_ = true;
        return false;
    }

    bool enter() noexcept {
        if (depth_left_ == 0) return stop(errc::too_deep, in_.Tell() - 1);
        --depth_left_;
        ++depth_;
        return true;
    }

    void refuse_nested() noexcept {
        if (current_ < skipped) {
            fail(errc::wrong_type, name_of(current_), in_.Tell() - 1);
        } else if (current_ == root) {
            fail(errc::not_an_object, {}, in_.Tell() - 1);
        }
        current_ = skipped;
    }

    bool check_text(const char* text, std::size_t size, std::size_t limit) noexcept {
        if (in_.text().has_lone_surrogate) {
            in_.text().has_lone_surrogate = false;
            return stop(errc::malformed_json, offset_of(text) - 1);
        }
        if (size > limit) {
            fail(errc::string_too_long, current_ < skipped ? name_of(current_) : std::string_view{},
                 offset_of(text) - 1);
        }
        return true;
    }

    template <class Offset, class Assign>
    void assign(Offset offset, Assign to) {
        if (current_ < skipped) {
            errc code = no_error;
            visit_field<Event>(
                current_, [&](const auto& field) { code = to(field.get(event_), field.format); });
            if (code != no_error) fail(code, name_of(current_), offset());
        } else if (current_ == root) {
            fail(errc::not_an_object, {}, offset());
        }
    }

    void finish() {
        if (const std::size_t missing = seen_.missing(); missing != names::size)
            fail(errc::missing_field, name_of(missing), begin_);
        seen_.reset_others(event_);
    }

    const codec_limits& limits_;
    Event& event_;
    json_stream& in_;
    std::size_t depth_left_;
    std::size_t depth_ = 0;
    std::size_t current_ = root;  // the field whose value comes next, or `skipped` or `root`
    std::size_t next_ = 0;        // the field whose name is expected next
    field_set<Event> seen_;
    std::size_t begin_ = 0;
    input_error error_{};
    bool is_fatal_ = false;
};

}  // namespace millrace::detail
