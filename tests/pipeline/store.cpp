#include <millrace/pipeline/store.hpp>

#include <stdexcept>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>

#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct file_options {
    std::string file = "x.db";
};

/// Of a file, which two stores must not share.
template <class Record>
struct file_storage : null_storage<Record> {
    using options = file_options;
    static inline std::vector<std::string> opened{}, rows{};
    static inline int flushes = 0;

    file_storage(options of, std::string_view topic, std::string_view) {
        opened.push_back(of.file + ":" + std::string{topic});
    }
    std::error_code append(const Record& row) {
        rows.push_back(row.key + " " + std::to_string(at<"count">(row)) + " " +
                       std::to_string(row.revision));
        return {};
    }
    std::error_code flush() {
        ++flushes;
        return errc::storage_full;
    }
};

using kept = file_storage<record<std::string, result_of<count>>>;
using kept_by_number = file_storage<record<std::string, result_of<count>, numbered_window>>;

}  // namespace

TEST_CASE("a store keeps what reaches it: records, corrections and previews") {
    kept::opened.clear();
    kept::rows.clear();
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{1s}, drop_late) |
             store<file_storage>() | publish("counts")};
    CHECK(kept::opened == strings{"x.db:counts"});
    keys.push("a", 500);
    keys.pass(1h);
    keys.push("a", 1500);
    keys.push("a", 600);
    CHECK(kept::rows == strings{"a 1 0", "a 1 1", "a 2 2"});
}

TEST_CASE("a storage of the process is short for a store behind it") {
    kept::opened.clear();
    fed keys{from<trade>("t") | key_by(&trade::symbol) | process<count, file_storage>() |
             millrace::filter([](const auto&) { return true; }) | publish("many")};
    CHECK(kept::opened == strings{"x.db:many"});
}

TEST_CASE("a finish comes to an end and keeps all, whatever a consumer throws") {
    const auto kept_of = [](auto source, auto size, auto... options) {
        kept_by_number::rows.clear();
        kept::rows.clear();
        kept_by_number::flushes = kept::flushes = 0;
        int seen = 0;
        auto running = start(counts(std::move(source), size, options...) | store<file_storage>() |
                                 map([&](const auto& row) {
                                     if (++seen % 2 == 0) throw std::runtime_error{row.key};
                                     return row;
                                 }),
                             [](const auto&) {});
        for (const char* key : {"a", "b", "c", "d", "e"})
            running.template source<0>().push({key, 1, 1, at_ms(0)});
        CHECK_THROWS_WITH(running.finish(), "b");
        CHECK(seen == 5);
        CHECK(kept_by_number::flushes + kept::flushes == 1);
        CHECK(running.finish() == errc::storage_full);
        CHECK(running.stats().open_windows == 0);
        return kept_by_number::rows.size() + kept::rows.size();
    };
    const auto shared = from<trade>("t");
    const auto own = from<trade>("t", per_key(&trade::symbol));
    CHECK(kept_of(shared, tumbling{1s}, drop_late) == 5);
    CHECK(kept_of(shared, session{1s}, drop_late) == 5);
    CHECK(kept_of(shared, sliding{1s, 1s}, drop_late) == 5);
    CHECK(kept_of(shared, tumbling_count{2}, flush_at_finish) == 5);
    CHECK(kept_of(own, tumbling{1s}, drop_late) == 5);
    CHECK(kept_of(own, session{1s}, drop_late) == 5);
    CHECK(kept_of(own, sliding{1s, 1s}, drop_late) == 5);
    CHECK(kept_of(union_of(from<trade>("a"), from<trade>("b")), tumbling{1s}, drop_late) == 5);
}

TEST_CASE("inputs that meet are all finished, whatever one throws") {
    const auto input = [](const char* name) {
        return counts(from<trade>(name), tumbling{1s}, drop_late) | map([](const auto& row) {
                   if (row.key == "b") throw std::runtime_error{"no b"};
                   return row;
               });
    };
    strings seen;
    auto running = start(union_of(input("left"), input("right")), note_rows{&seen});
    for (const char* key : {"a", "b", "c"}) {
        running.source<0>().push({key, 1, 1, at_ms(0)});
        running.source<1>().push({key, 1, 1, at_ms(0)});
    }
    CHECK_THROWS_WITH(running.finish(), "no b");
    CHECK(seen == strings{"a 0 1 0 stop", "c 0 1 0 stop", "a 0 1 0 stop", "c 0 1 0 stop"});
}

TEST_CASE("two stores that would share a table are refused") {
    const auto by_symbol = from<trade>("t") | key_by(&trade::symbol) | process<count>();
    CHECK_THROWS_AS(start(by_symbol | store<file_storage>() | store<file_storage>()),
                    std::invalid_argument);
    CHECK_NOTHROW(start(by_symbol | store<file_storage>() | publish("a") | store<file_storage>() |
                        publish("b")));
    CHECK_NOTHROW(start(by_symbol | store<file_storage>() | store<file_storage>({.file = "y.db"})));
    CHECK_NOTHROW(start(by_symbol | store<memory_storage>() | store<memory_storage>()));
}
