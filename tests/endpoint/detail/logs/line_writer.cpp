#include <millrace/endpoint/detail/logs/line_writer.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.hpp"

using millrace::detail::line_writer;

namespace {

/// A disk that waits until it is let go on.
struct slow_disk {
    std::mutex gate;
    std::string written;
    int reopened = 0;
    bool is_full = false;
};

struct sink {
    std::shared_ptr<slow_disk> disk;
    bool write(std::string_view lines) const {
        const std::lock_guard wait{disk->gate};
        if (disk->is_full) return false;
        disk->written.append(lines);
        return true;
    }
    void reopen() const {
        const std::lock_guard wait{disk->gate};
        ++disk->reopened;
        disk->written.append("|");
    }
};

}  // namespace

TEST_CASE("lines are written in order while nobody waits, and the rest at the end") {
    const auto disk = std::make_shared<slow_disk>();
    {
        line_writer<sink> writer{sink{disk}, 1'000};
        const std::lock_guard hold{disk->gate};
        REQUIRE(writer.write("a\n"));
        REQUIRE(writer.write("b\n"));
    }
    REQUIRE(disk->written == "a\nb\n");
}

TEST_CASE("what does not fit is lost and counted, and never waited for") {
    const auto disk = std::make_shared<slow_disk>();
    line_writer<sink> writer{sink{disk}, 8};
    std::size_t taken = 0;
    {
        const std::lock_guard hold{disk->gate};
        for (int i = 0; i != 100; ++i) taken += writer.write("abc\n") ? 1u : 0u;
    }
    writer.flush();
    REQUIRE(taken >= 2);
    REQUIRE(taken <= 4);  // one batch with the thread, one waiting
    REQUIRE(disk->written.size() == taken * 4);
    REQUIRE(writer.lost() == 100 - taken);
    REQUIRE(writer.write("later\n"));
}

TEST_CASE("a file is opened anew behind what was written before") {
    const auto disk = std::make_shared<slow_disk>();
    line_writer<sink> writer{sink{disk}, 1'000};
    {
        const std::lock_guard hold{disk->gate};  // all three wait
        writer.write("old\n");
        writer.reopen();
        writer.write("new\n");
    }
    writer.flush();
    REQUIRE(disk->written == "old\n|new\n");
}

TEST_CASE("a failure to write is counted, and writing goes on") {
    const auto disk = std::make_shared<slow_disk>();
    line_writer<sink> writer{sink{disk}, 1'000};
    {
        const std::lock_guard hold{disk->gate};
        disk->is_full = true;
    }
    writer.write("lost\n");
    writer.flush();
    {
        const std::lock_guard hold{disk->gate};
        disk->is_full = false;
    }
    writer.write("kept\n");
    writer.flush();
    REQUIRE(writer.lost() == 1);
    REQUIRE(disk->written == "kept\n");
}

TEST_CASE("many threads write whole lines") {
    const auto disk = std::make_shared<slow_disk>();
    {
        line_writer<sink> writer{sink{disk}, 1'000'000};
        std::vector<std::thread> threads;
        for (char c = 'a'; c != 'e'; ++c)
            threads.emplace_back([&writer, line = std::string(9, c) + "\n"] {
                for (int i = 0; i != 500; ++i) writer.write(line);
            });
        for (auto& each : threads) each.join();
    }
    REQUIRE(disk->written.size() == 4 * 500 * 10);
    for (std::size_t at = 0; at != disk->written.size(); at += 10)
        REQUIRE(disk->written.substr(at, 9) == std::string(9, disk->written[at]));
}
