#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>

#include <millrace/core/log.hpp>

namespace millrace {

/// What `append` does when the queue to the writer is full.
enum class when_full {
    drop_oldest,  ///< drops the oldest row that waits: the newest results, and corrections, win
    drop_newest,  ///< refuses the new row: history stays without a gap up to the obstacle
    block,        ///< waits for the writer, up to `append_timeout`, then refuses the row
};

namespace detail {

struct writer_options {
    std::string name{};  ///< begins each line of the log
    std::size_t queue_rows;
    std::size_t batch_rows;
    std::chrono::milliseconds batch_interval;
    when_full on_full;
    std::chrono::milliseconds append_timeout;
    std::chrono::milliseconds retry_interval;
    std::chrono::milliseconds max_retry_interval;
    std::chrono::milliseconds close_timeout;
    log_hook log{};
};

struct write_result {
    std::error_code error{};    ///< nothing of the batch was written; it is to be tried again
    std::size_t refused = 0;    ///< rows that can never be written and were left out
    std::error_code refusal{};  ///< why
    std::string text{};         ///< more of it, for a log
};

}  // namespace detail
}  // namespace millrace
