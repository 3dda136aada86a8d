#include <millrace/endpoint/detail/logs/written_access_log.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;

namespace {

struct text_sink {
    std::shared_ptr<std::string> text = std::make_shared<std::string>();
    [[nodiscard]] bool write(std::string_view lines) const {
        text->append(lines);
        return true;
    }
    void reopen() const {}
};

}  // namespace

static_assert(access_log<detail::written_access_log<text_sink>>);

TEST_CASE("entries are written as lines of the format, by all copies to one sink") {
    const text_sink sink;
    const detail::written_access_log log{sink, {.format = access_format::json}};
    const auto copy = log;
    log.write({.method = "GET", .target = "/one"});
    copy.write({.method = "GET", .target = "/two"});
    log.flush();
    REQUIRE(sink.text->find(R"("target":"/one")") < sink.text->find(R"("target":"/two")"));
    REQUIRE(sink.text->ends_with("}\n"));
    REQUIRE(log.lost() == 0);
}

TEST_CASE("a line that does not fit is lost and counted") {
    const text_sink sink;
    const detail::written_access_log log{sink, {.max_queued_bytes = 10}};
    log.write({.method = "GET", .target = "/one"});
    log.flush();
    REQUIRE(log.lost() == 1);
    REQUIRE(sink.text->empty());
}
