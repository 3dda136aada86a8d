#include <millrace/pipeline/detail/windows/session_kind.hpp>

#include <millrace/pipeline/describe.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("sessions say how they are set") {
    const auto text =
        millrace::describe(counts(from<trade>("t"), session{30s, 1h}, drop_late)).text();
    CHECK(text.find("kind session") != std::string::npos);
    CHECK(text.find("gap 30s") != std::string::npos);
    CHECK(text.find("max_length 1h") != std::string::npos);
}
