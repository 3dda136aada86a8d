#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/csv_reader.hpp>
#include <millrace/codec/json_decoder.hpp>
#include <millrace/codec/json_string.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

/// The events of a table's file, see `loaded_from`.
template <class Event>
class table_file {
public:
    /// @throws std::system_error where it cannot be read
    explicit table_file(std::string path) : path_{std::move(path)} {
        errno = 0;
        std::ifstream in{path_, std::ios::binary};
        if (in) text_.assign(std::istreambuf_iterator<char>{in}, {});
        if (!in || in.bad())
            throw std::system_error{errno != 0 ? errno : EIO, std::generic_category(),
                                    "lookup_join: " + path_};
    }

    /// Calls `take(event)` for each.
    /// @throws std::invalid_argument where a line is none
    template <class Take>
    void for_each(Take&& take) {
        if (path_.ends_with(".csv")) {
            read_csv(take);
        } else {
            std::vector<std::size_t> ends;
            for (std::size_t i = 0; i < text_.size(); ++i)
                if (text_[i] == '\n') ends.push_back(i);
            decode(text_, take, [&](const input_error& error) {
                const auto line = std::ranges::lower_bound(ends, error.offset) - ends.begin();
                return static_cast<std::size_t>(line) + 1;
            });
        }
    }

private:
    [[noreturn]] void refuse(std::size_t line, std::string_view why) const {
        throw std::invalid_argument{"lookup_join: " + path_ + ":" + std::to_string(line) + ": " +
                                    std::string{why}};
    }

    /// `line_of(error)` says where it was.
    template <class Take, class LineOf>
    void decode(std::string& json, Take& take, LineOf&& line_of) {
        std::size_t line = 0;
        std::string why;
        json_decoder<Event> decoder{codec_limits{.max_events = static_cast<std::size_t>(-1)}};
        decoder.decode(
            std::span{json.data(), json.size()},
            [&](const Event& one) {
                if (why.empty()) take(one);
            },
            [&](const input_error& error) {
                if (!why.empty()) return;
                line = line_of(error);
                why = error.code.message();
                if (!error.field.empty()) why += ", field " + std::string{error.field};
            });
        if (!why.empty()) refuse(line, why);
    }

    template <class Take>
    void read_csv(Take& take) {
        csv_reader reader{text_};
        std::vector<std::string> names, cells;
        reader.next(names);
        std::string json;
        while (reader.next(cells)) {
            if (cells.size() != names.size())
                refuse(reader.line(), std::to_string(cells.size()) +
                                          " cells, where the first line has " +
                                          std::to_string(names.size()));
            json = "{";
            for (std::size_t i = 0; i < cells.size(); ++i) append_member(json, names[i], cells[i]);
            json += '}';
            decode(json, take, [&](const input_error&) { return reader.line(); });
        }
        if (reader.is_broken()) refuse(reader.line(), "a quotation mark is not closed");
    }

    static void append_member(std::string& json, std::string_view name, const std::string& cell) {
        schema<Event>.for_each([&](const auto& field) {
            if (field.name != name) return;
            using value = typename std::remove_cvref_t<decltype(field)>::value_type;
            if (json.size() > 1) json += ',';
            append_json_string(json, name);
            json += ':';
            if (is_optional<value> && cell.empty()) {
                json += "null";
            } else if (!is_text<unwrapped<value>>(field) && is_literal(cell)) {
                json += cell;
            } else {
                append_json_string(json, cell);
            }
        });
    }
    template <class Value, class Field>
    static bool is_text([[maybe_unused]] const Field& field) noexcept {
        if constexpr (std::same_as<Value, timestamp>) {
            return field.format == time_format::rfc3339;
        } else {
            return text<Value>;
        }
    }
    /// Whether it is a number, true or false, or at least nothing else.
    static bool is_literal(std::string_view cell) noexcept {
        return cell == "true" || cell == "false" ||
               (!cell.empty() && cell.find_first_not_of("0123456789+-.eE") == cell.npos);
    }

    std::string path_;
    std::string text_;
};

}  // namespace millrace::detail
