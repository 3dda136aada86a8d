#pragma once

#include <exception>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// Lets all of several things be done of which some may throw, and throws the first exception then.
class first_exception {
public:
    /// @return what `work()` gives; a value-initialized one where it throws
    template <class Work>
    std::invoke_result_t<Work&> guard(Work&& work) {
        try {
            return work();
        } catch (...) {
            keep_current();
        }
        return std::invoke_result_t<Work&>();
    }

    /// In a handler: as if it had been thrown in `guard`.
    void keep_current() noexcept {
        if (!first_) first_ = std::current_exception();
    }

    [[nodiscard]] bool has() const noexcept { return first_ != nullptr; }
    [[nodiscard]] std::exception_ptr take() noexcept { return std::exchange(first_, nullptr); }

    /// It has none then.
    void rethrow() {
        if (has()) std::rethrow_exception(take());
    }

private:
    std::exception_ptr first_;
};

}  // namespace millrace::detail
