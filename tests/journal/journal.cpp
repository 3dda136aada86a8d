#include <millrace/journal/journal.hpp>

#include <string>
#include <string_view>
#include <system_error>

#include "catch.hpp"

using namespace millrace;

namespace {

struct in_memory {
    std::string bytes{};
    void begin(std::string_view head) { bytes = head; }
    void append(std::string_view block) { bytes += block; }
    std::error_code error() const { return {}; }
};
struct forgets_errors {
    void begin(std::string_view) {}
    void append(std::string_view) {}
};

static_assert(journal<in_memory>);
static_assert(!journal<forgets_errors>);

}  // namespace

TEST_CASE("the null journal keeps nothing, and that is no error") {
    null_journal none;
    none.begin("head");
    none.append("block");
    CHECK_FALSE(none.error());
}
