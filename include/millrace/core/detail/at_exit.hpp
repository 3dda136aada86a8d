#pragma once

#include <utility>

namespace millrace::detail {

/// Calls `f()` at the end of its scope, however that is left.
template <class Function>
class at_exit {
public:
    explicit at_exit(Function f) : function_{std::move(f)} {}
    at_exit(const at_exit&) = delete;
    at_exit& operator=(const at_exit&) = delete;
    ~at_exit() { function_(); }

private:
    Function function_;
};

}  // namespace millrace::detail
