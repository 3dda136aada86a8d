#include <millrace/windows/global.hpp>

#include <map>
#include <span>

#include <millrace/codec/json.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/storage/sqlite.hpp>
#include <millrace/windows/firing.hpp>

#include "../pipeline/fed.hpp"
#include "../pipeline/triggers.hpp"
#include "../storage/sqlite_support.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a global window has all of time, and ends with the pipeline") {
    std::vector<std::string> said;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(global{}, early{events{2}}) | process<count>(),
                         [&](const auto& row) {
                             CHECK(row.window == window_bounds{timestamp::min(), timestamp::max()});
                             said.push_back(row.key + std::to_string(millrace::at<"count">(row)) +
                                            (row.is_final ? " final" : ""));
                         });
    const auto push = [&](const char* key, timestamp time) { running.push({key, 1, 1, time}); };
    push("a", at_ms(1));
    push("b", timestamp::min());
    push("a", timestamp::max());
    CHECK(said == std::vector<std::string>{"a2"});
    push("a", at_ms(-5));
    CHECK(running.stats().late == 0);
    running.finish();
    CHECK(said == std::vector<std::string>{"a2", "a3 final", "b1 final"});
}

namespace {

using count_row = record<std::string, result_of<count>>;

std::string json_of(const count_row& row) {
    std::string out;
    json_encoder<count_row>{"symbol"}.encode(row, out);
    return out;
}

/// The history of a topic, a row as text for each.
template <class Storage>
strings history_of(Storage& storage) {
    strings found;
    CHECK_FALSE(storage.flush());
    CHECK_FALSE(storage.scan({}, [&](const count_row& row) { found.push_back(json_of(row)); }));
    return found;
}

}  // namespace

TEST_CASE("the bounds of a global window come back whole from JSON and from a history") {
    const temporary_directory directory;
    memory_storage<count_row> memory;
    std::map<std::string, std::string> last;
    const auto sink = [&](std::string_view, const count_row& row) {
        CHECK_FALSE(memory.append(row));
        const std::string text = json_of(row);
        CHECK(text.find(R"("start":"1677-09-21T00:12:43.145224192Z",)"
                        R"("end":"2262-04-11T23:47:16.854775807Z")") != std::string::npos);
        last[row.key] = text;
        count_row read;
        json_decoder<count_row> decoder;
        std::string message = text;
        const std::string_view key = "\"symbol\"";
        message.replace(message.find(key), key.size(), "\"key\"");
        decoder.decode(
            std::span{message.data(), message.size()}, [&](const count_row& one) { read = one; },
            [](const input_error& error) { FAIL(error.code.message() << ' ' << error.field); });
        CHECK(read.window == window_bounds{timestamp::min(), timestamp::max()});
        CHECK(json_of(read) == text);
    };
    {
        auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                                 window(global{}, early{events{2}}) | process<count>() |
                                 store<sqlite_storage>(directory.options()) | publish("counts"),
                             sink);
        for (const char* key : {"a", "b", "a", "a"})
            running.push({key, 1, 1, key[0] == 'b' ? timestamp::min() : timestamp::max()});
        running.finish();
    }
    const strings expected{last["a"], last["b"]};
    CHECK(expected[0].find(R"("count":3,)") != std::string::npos);
    CHECK(history_of(memory) == expected);
    sqlite_storage<count_row> kept{directory.options(), "counts", "symbol"};
    CHECK(history_of(kept) == expected);
    std::uint64_t found = 0;
    CHECK_FALSE(kept.scan({.key = "b"}, [&](const count_row& row) {
        CHECK(row.window == window_bounds{timestamp::min(), timestamp::max()});
        ++found;
    }));
    CHECK(found == 1);
}

TEST_CASE("a global window with triggers against a batch model") {
    const auto check = [](bool is_per_key, auto source_of) {
        const auto model = [=](const firing_setup& of) {
            naive_firing made = model_of(of);
            made.is_global = true;
            made.is_per_key = is_per_key;
            made.early = {naive_trigger::large, of.large};
            made.interval = of.interval;
            return made;
        };
        auto reasons = check_random_firing(model, [&](const auto& of, auto sink, auto clock) {
            return start(source_of(of) | key_by(&trade::symbol) |
                             window(global{}, early{every{std::chrono::milliseconds{of.interval}}},
                                    early{after_large{double(of.large)}}) |
                             process<picky_totals>(),
                         sink, clock);
        });
        CHECK(reasons["early"] > 5000);
    };
    check(false, of_shared_time);
    check(true, of_own_time);
}
