#include <millrace/endpoint/detail/routes/publisher.hpp>

#include <string>

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
    asio::io_context io{};
    std::shared_ptr<detail::loop> loop = std::make_shared<detail::loop>(io);
    std::shared_ptr<detail::publication> listing = std::make_shared<detail::publication>();
    detail::publisher sink{loop, listing, {}};
};

}  // namespace

static_assert(publish_sink<detail::publisher>);

TEST_CASE("a storage that tells of failures is given the endpoint's log") {
    struct telling : no_storage {
        log_hook log;
        void log_to(const log_hook& hook) { log = hook; }
    };
    publishing p;
    int told = 0;
    telling quiet, storage;
    p.sink.history<row>("bars", "symbol", quiet);
    REQUIRE(!quiet.log);
    p.loop->log = [&](const log_entry&) { ++told; };
    p.sink.history<row>("bars", "symbol", storage);
    storage.log({});
    REQUIRE(told == 1);
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
