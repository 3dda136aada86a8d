#include <millrace/pipeline/record_to.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>

#include "counted_new.hpp"
#include "fed.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Is full after so many blocks.
struct full_journal {
    int left;
    void begin(std::string_view) {}
    void append(std::string_view) {
        if (left > 0) --left;
    }
    std::error_code error() const {
        return left > 0 ? std::error_code{} : std::error_code{errc::storage_full};
    }
};
static_assert(journal<full_journal>);

auto symbols() { return from<trade>("t", any_time) | key_by(&trade::symbol); }

/// Keeps what it is given where the test sees it.
struct seen_journal {
    std::vector<std::string>* blocks;
    void begin(std::string_view) {}
    void append(std::string_view block) { blocks->emplace_back(block); }
    std::error_code error() const { return {}; }
};

}  // namespace

TEST_CASE("a pipeline whose journal is full goes on, and says so") {
    strings out;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(tumbling{1ms}, drop_late) | process<count>(),
                         note_rows{&out}, full_journal{2});
    CHECK_FALSE(running.recording_error());
    for (int i = 0; i < 20; ++i) {
        running.push({"a", 1, 1, at_ms(i)});
        running.tick();
    }
    CHECK(running.recording_error() == errc::storage_full);
    CHECK_FALSE(running.finish());
    CHECK(out.size() == 20);
}

TEST_CASE("a file that is there is not recorded over") {
    const temporary_folder folder;
    static_cast<void>(record_to(folder / "a"));
    CHECK_THROWS_AS(record_to(folder / "a"), std::system_error);
}

TEST_CASE("blocks go to the journal when they are large, at each tick, and at the end") {
    std::vector<std::string> blocks;
    {
        auto running = start(
            symbols(), [](const auto&) {}, seen_journal{&blocks});
        running.push({"a", 1, 1, at_ms(1)});
        CHECK(blocks.empty());
        running.tick();
        CHECK(blocks.size() == 1);
        for (int i = 0; i < 3000; ++i) running.push({"a", 1, 1, at_ms(i)});
        CHECK(blocks.size() > 2);
        running.tick();
        const auto before = blocks.size();
        running.push({"a", 1, 1, at_ms(1)});
        CHECK(blocks.size() == before);
    }
    CHECK(blocks.back().size() < 200);
    for (const std::string& each : blocks) CHECK(each.size() < 66'000);
}

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("an event that is recorded allocates nothing") {
    const temporary_folder folder;
    auto running = start(
        symbols(), [](const auto&) {}, record_to(folder / "a"));
    const std::vector<trade> events(100, {"a symbol of some length", 1, 1, at_ms(1)});
    for (int i = 0; i < 100; ++i) running.push(events);
    const std::size_t before = allocation_count;
    for (int i = 0; i < 100; ++i) running.push(events);
    running.tick();
    CHECK(allocation_count == before);
}
#endif
