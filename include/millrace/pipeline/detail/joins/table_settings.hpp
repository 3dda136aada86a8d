#pragma once

#include <cstddef>
#include <string_view>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/joins/lookup.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace::detail {

/// What may be set at a table.
struct table_settings {
    std::string_view stage;
    key_limits keys{};
    std::size_t byte_limit = max_table_bytes{}.value;

    template <key_option Option>
    void set(const Option& option) {
        keys.set(option, stage);
    }
    void set(max_table_bytes option) {
        byte_limit = require_positive("max_table_bytes", option.value, stage);
    }
    void check() const noexcept {}

    template <class To>
    void describe(To& to) const {
        keys.describe(to);
        to.tunable("max_table_bytes", byte_limit);
    }
};

}  // namespace millrace::detail
