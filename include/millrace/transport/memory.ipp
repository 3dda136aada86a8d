#pragma once

#include <millrace/transport/memory.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::size_t memory_pipe::read(std::span<char> to, std::error_code& error) {
    error = failure_;
    if (error) return 0;
    const std::size_t count = std::min({to.size(), bytes_.size(), options_.max_read_bytes});
    if (count == 0 && !to.empty())
        error = ended_ ? asio::error::eof : make_error_code(asio::error::would_block);
    std::copy_n(bytes_.begin(), count, to.begin());
    bytes_.erase(0, count);
    wake();
    return count;
}

MILLRACE_INLINE std::size_t memory_pipe::write(std::span<const asio::const_buffer> from,
                                               std::error_code& error) {
    error = failure_ ? failure_ : ended_ ? make_error_code(asio::error::broken_pipe) : failure_;
    if (error) return 0;
    std::size_t room = std::min(options_.max_write_bytes, free_bytes());
    std::size_t count = 0;
    for (const auto& part : from) {
        const std::size_t size = std::min(room, part.size());
        bytes_.append(static_cast<const char*>(part.data()), size);
        count += size;
        room -= size;
    }
    if (count == 0 && asio::buffer_size(from) != 0) error = asio::error::would_block;
    wake();
    return count;
}

MILLRACE_INLINE void memory_pipe::wait_readable(callback f) {
    reader_ = std::move(f);
    wake();
}

MILLRACE_INLINE void memory_pipe::wait_writable(callback f) {
    writer_ = std::move(f);
    wake();
}

MILLRACE_INLINE void memory_pipe::end() {
    ended_ = true;
    wake();
}

MILLRACE_INLINE void memory_pipe::fail(std::error_code error) {
    if (!failure_) failure_ = error;
    wake();
}

MILLRACE_INLINE void memory_pipe::wake() {
    if (!bytes_.empty() || ended_ || failure_) post(reader_, {});
    if (free_bytes() != 0 || ended_ || failure_) post(writer_, {});
}

MILLRACE_INLINE void memory_pipe::post(callback& waiting, std::error_code error) {
    if (!waiting) return;
    asio::post(io_, [f = std::exchange(waiting, {}), error]() mutable { f(error); });
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE std::pair<memory_stream, memory_stream> memory_stream::connected(
    asio::io_context& io, const memory_stream_options& options) {
    auto there = std::make_shared<detail::memory_pipe>(io, options);
    auto back = std::make_shared<detail::memory_pipe>(io, options);
    return {memory_stream{back, there, "memory"},
            memory_stream{there, back, options.remote_address}};
}

MILLRACE_INLINE void memory_stream::close() {
    if (!in_) return;
    in_->abort_reader();
    out_->abort_writer();
    out_->end();
    in_->fail(asio::error::broken_pipe);
    in_.reset();
    out_.reset();
}

MILLRACE_INLINE void memory_stream::fail_after(std::size_t operations, std::error_code error) {
    until_failure_ = operations;
    failure_ = error;
}

MILLRACE_INLINE bool memory_stream::closed(std::error_code& error) const {
    if (!in_) error = asio::error::bad_descriptor;
    return !in_;
}

MILLRACE_INLINE bool memory_stream::fails(std::error_code& error) {
    if (!until_failure_) return false;
    if (*until_failure_ > 0) {
        --*until_failure_;
        return false;
    }
    error = failure_;
    return true;
}

MILLRACE_INLINE void memory_acceptor::queue::wake() {
    if (!accept || (waiting.empty() && !error)) return;
    auto stream = std::make_shared<memory_stream>();
    const auto outcome = error;
    if (!outcome) {
        stream = waiting.front();
        waiting.pop_front();
    }
    if (error != asio::error::operation_aborted) error = {};
    asio::post(*io, [f = std::exchange(accept, nullptr), outcome, stream] { f(outcome, stream); });
}

MILLRACE_INLINE void memory_acceptor::close() {
    queue_->error = asio::error::operation_aborted;
    queue_->waiting.clear();
    queue_->wake();
}

MILLRACE_INLINE memory::acceptor memory::listen(asio::io_context& io, const listen_options&) {
    *queue_ = {&io};
    return acceptor{queue_};
}

MILLRACE_INLINE memory::stream memory::connect(const memory_stream_options& options) {
    if (queue_->io == nullptr || queue_->error == asio::error::operation_aborted) return {};
    auto [client, server] = memory_stream::connected(*queue_->io, options);
    if (options.operations_until_reset != SIZE_MAX)
        server.fail_after(options.operations_until_reset);
    queue_->waiting.push_back(std::make_shared<memory_stream>(std::move(server)));
    queue_->wake();
    return std::move(client);
}

MILLRACE_INLINE void memory::fail_accept(std::error_code error) {
    queue_->error = error;
    queue_->wake();
}

}  // namespace millrace
