#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::detail {

/// Takes CSV (RFC 4180) apart: lines of cells between commas, of which those in quotation marks may
/// have commas, line breaks and, doubled, quotation marks.
class csv_reader {
public:
    /// Of this text, which has to live on.
    explicit csv_reader(std::string_view text) noexcept : rest_{text} {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    }

    /// The cells of the next line that is not empty. False at the end, or where a quotation mark is
    /// not closed or has text behind it: see `is_broken`.
    bool next(std::vector<std::string>& cells) {
        while (!rest_.empty() && (rest_[0] == '\n' || rest_.starts_with("\r\n"))) end_line();
        cells.clear();
        line_ = next_line_;
        if (rest_.empty() || is_broken_) return false;
        for (;;) {
            cells.emplace_back();
            if (!read_cell(cells.back())) return false;
            if (rest_.empty()) return true;
            if (rest_[0] != ',') break;
            rest_.remove_prefix(1);
        }
        end_line();
        return true;
    }

    /// The number of the line that `next` gave or stopped at, from 1.
    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    [[nodiscard]] bool is_broken() const noexcept { return is_broken_; }

private:
    [[nodiscard]] bool is_at_end_of_cell() const noexcept {
        return rest_.empty() || rest_[0] == ',' || rest_[0] == '\n' || rest_.starts_with("\r\n");
    }
    void end_line() noexcept {
        rest_.remove_prefix(rest_[0] == '\r' ? 2 : 1);
        ++next_line_;
    }

    bool read_cell(std::string& to) {
        if (rest_.empty() || rest_[0] != '"') {
            std::size_t size = rest_.find_first_of(",\n");
            if (size == std::string_view::npos) size = rest_.size();
            if (size > 0 && size < rest_.size() && rest_[size] == '\n' && rest_[size - 1] == '\r')
                --size;
            to = rest_.substr(0, size);
            rest_.remove_prefix(size);
            return true;
        }
        rest_.remove_prefix(1);
        while (!rest_.empty()) {
            const char next = rest_[0];
            rest_.remove_prefix(1);
            if (next != '"') {
                next_line_ += next == '\n';
                to += next;
            } else if (!rest_.empty() && rest_[0] == '"') {
                to += '"';
                rest_.remove_prefix(1);
            } else {
                is_broken_ = !is_at_end_of_cell();
                return !is_broken_;
            }
        }
        is_broken_ = true;
        return false;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    std::size_t next_line_ = 1;
    bool is_broken_ = false;
};

}  // namespace millrace::detail
