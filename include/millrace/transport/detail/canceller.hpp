#pragma once

#include <functional>
#include <memory>

namespace millrace::detail {

/// What ends `attempt`; harmless when it is over.
template <class Attempt>
[[nodiscard]] std::function<void()> canceller_of(const std::shared_ptr<Attempt>& attempt) {
    return [weak = std::weak_ptr{attempt}] {
        if (const auto self = weak.lock()) self->cancel();
    };
}

}  // namespace millrace::detail
