#pragma once

#include <system_error>

#include <millrace/storage/storage.hpp>

namespace millrace {

struct null_options {};

/// The Storage that keeps nothing: results are published and gone.
template <class Record>
class null_storage {
public:
    using options = null_options;

    explicit null_storage(options = {}, std::string_view /*topic*/ = {},
                          std::string_view /*key_name*/ = {}) noexcept {}

    std::error_code append(const Record&) noexcept {
        ++stats_.appended;
        return {};
    }

    template <class F>
    std::error_code scan(const storage_query&, F&&) const noexcept {
        return {};
    }

    std::error_code flush() noexcept { return {}; }

    [[nodiscard]] storage_stats stats() const noexcept { return stats_; }

private:
    storage_stats stats_;
};

}  // namespace millrace
