#include <millrace/publish/detail/publication.hpp>

#include <memory>
#include <string>
#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/sink.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

using row = record<std::string, named_value<"value", double>>;

struct no_storage {
    template <class F>
    std::error_code scan(const storage_query&, F&&) {
        return {};
    }
    storage_stats stats() const { return {}; }
};

struct publishing {
    explicit publishing(log_hook log = {})
        : sink{listing, {}, [](const auto& job) { job(); }, std::move(log)} {}

    std::shared_ptr<detail::publication> listing = std::make_shared<detail::publication>();
    detail::publisher sink;
};

}  // namespace

static_assert(publish_sink<detail::publisher>);

TEST_CASE("a storage that tells of failures is given the sink's log") {
    struct telling : no_storage {
        log_hook log;
        void log_to(const log_hook& hook) { log = hook; }
    };
    int told = 0;
    telling quiet, storage;
    publishing{}.sink.history<row>("bars", "symbol", quiet);
    REQUIRE(!quiet.log);
    publishing p{[&](const log_entry&) { ++told; }};
    p.sink.history<row>("bars", "symbol", storage);
    storage.log({});
    REQUIRE(told == 1);
}

TEST_CASE("a topic is found by its name, with the storage of its records where there is one") {
    publishing first, second;
    no_storage storage;
    first.listing->topics = {std::make_shared<topic>("bars", "symbol"),
                             std::make_shared<topic>("alarms", "")};
    first.sink.history<row>("bars", "symbol", storage);
    second.listing->topics = {std::make_shared<topic>("other", "id")};
    second.sink.history<row>("unpublished", "id", storage);
    const detail::publications all{first.listing, second.listing};
    const auto [bars, stored] = detail::find_topic(all, "bars");
    REQUIRE(bars == first.listing->topics[0].get());
    REQUIRE(stored == first.listing->histories[0].records.get());
    REQUIRE(detail::find_topic(all, "alarms") ==
            std::pair<const topic*, detail::history*>{first.listing->topics[1].get(), nullptr});
    for (const char* each : {"unpublished", "none", ""})
        REQUIRE(detail::find_topic(all, each).first == nullptr);
}

TEST_CASE("a storage is listed under its topic") {
    publishing p;
    no_storage storage;
    p.sink.history<row>("bars", "symbol", storage);
    REQUIRE(p.listing->histories.size() == 1);
    REQUIRE(p.listing->histories[0].topic == "bars");
    std::string body;
    p.listing->histories[0].records->scan(
        "x", 1, {}, [&](std::error_code, std::string b, const auto&) { body = b; });
    REQUIRE(body == "[]");
}
