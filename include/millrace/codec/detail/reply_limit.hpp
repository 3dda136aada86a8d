#pragma once

#include <cstddef>

#include <millrace/codec/codec.hpp>

namespace millrace::detail {

/// Of which errors of one message its sender is told: of so many, and in any case of the last one
/// where it says how much is lost.
class reply_limit {
public:
    explicit reply_limit(std::size_t max_errors) noexcept : left_{max_errors} {}

    [[nodiscard]] bool takes(const input_error& next) noexcept {
        if (left_ == 0) return next.unread_bytes != 0;
        --left_;
        return true;
    }

private:
    std::size_t left_;
};

}  // namespace millrace::detail
