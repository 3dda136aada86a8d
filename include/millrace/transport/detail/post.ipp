#pragma once

#include <utility>

#include <asio/post.hpp>

#include <millrace/transport/detail/post.hpp>

namespace millrace::detail {

struct posted {
    callback f;
    std::error_code error;
    void operator()() { f(error); }
};

MILLRACE_INLINE void post(asio::io_context& io, callback f, std::error_code error) {
    asio::post(io, posted{std::move(f), error});
}

}  // namespace millrace::detail
