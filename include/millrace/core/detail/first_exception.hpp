#pragma once

#include <exception>

namespace millrace::detail {

/// Lets all of several things be done of which some may throw, and throws the first exception then.
class first_exception {
public:
    template <class Work>
    void guard(Work&& work) {
        try {
            work();
        } catch (...) {
            if (!first_) first_ = std::current_exception();
        }
    }

    void rethrow() const {
        if (first_) std::rethrow_exception(first_);
    }

private:
    std::exception_ptr first_;
};

}  // namespace millrace::detail
