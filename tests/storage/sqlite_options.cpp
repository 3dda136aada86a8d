#include <millrace/storage/sqlite_options.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("by default append never waits, and everything has a limit") {
    const sqlite_options options{.file = "results.db"};
    CHECK(options.table.empty());
    CHECK(options.on_full == when_full::drop_oldest);
    CHECK(options.queue_rows >= options.batch_rows);
    CHECK(options.batch_rows > 0);
    for (const auto wait : {options.append_timeout, options.busy_timeout, options.scan_timeout,
                            options.close_timeout, options.max_retry_interval}) {
        CHECK((wait > 0ms && wait <= 1min));
    }
    CHECK(options.max_waiting_scans > 0);
}
