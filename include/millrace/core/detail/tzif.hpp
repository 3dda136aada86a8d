#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/offset_table.hpp>
#include <millrace/core/detail/posix_tz.hpp>

namespace millrace::detail {

/// Reads a time zone information file, TZif, of version 1 to 4 (RFC 9636, section 3).
class tzif_reader {
public:
    /// Behind the last change that the file lists, those of its footer are listed for all years
    /// that a timestamp holds. Where the file counts leap seconds, its times are those without.
    /// @throws std::invalid_argument with what is wrong
    [[nodiscard]] static offset_table read(std::string_view file);

private:
    struct header {
        char version;
        std::size_t ut_indicators, standard_indicators, leap_seconds, changes, types, name_bytes;

        [[nodiscard]] std::size_t block_bytes(std::size_t time_bytes) const;
    };

    struct block {
        offset_table table;
        std::int64_t last_change = offset_table::earliest;
    };

    explicit tzif_reader(std::string_view file) : rest_{file} {}

    static void require(bool is_right, const char* wrong) {
        if (!is_right) throw std::invalid_argument{wrong};
    }

    std::string_view take(std::size_t size);

    static std::int64_t integer(std::string_view bytes);

    header read_header();

    block read_block(const header& counts, std::size_t time_bytes);

    static std::int32_t offset_of(std::string_view types, std::size_t index);

    void add_footer(block& to);

    static int year_of(std::int64_t second);

    std::string_view rest_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/core/detail/tzif.ipp>
#endif
