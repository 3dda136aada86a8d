#include <millrace/pipeline/store.hpp>

#include <stdexcept>

#include <millrace/operators/filter.hpp>
#include <millrace/storage/memory.hpp>

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

    file_storage(options of, std::string_view topic, std::string_view) {
        opened.push_back(of.file + ":" + std::string{topic});
    }
    std::error_code append(const Record& row) {
        rows.push_back(row.key + " " + std::to_string(at<"count">(row)) + " " +
                       std::to_string(row.revision));
        return {};
    }
};

using kept = file_storage<record<std::string, result_of<count>>>;

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

TEST_CASE("two stores that would share a table are refused") {
    const auto by_symbol = from<trade>("t") | key_by(&trade::symbol) | process<count>();
    CHECK_THROWS_AS(start(by_symbol | store<file_storage>() | store<file_storage>()),
                    std::invalid_argument);
    CHECK_NOTHROW(start(by_symbol | store<file_storage>() | publish("a") | store<file_storage>() |
                        publish("b")));
    CHECK_NOTHROW(start(by_symbol | store<file_storage>() | store<file_storage>({.file = "y.db"})));
    CHECK_NOTHROW(start(by_symbol | store<memory_storage>() | store<memory_storage>()));
}
