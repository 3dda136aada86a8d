#include <millrace/endpoint/detail/logs/stderr_sink.hpp>

#include "../../captured_stderr.hpp"
#include "catch.hpp"

TEST_CASE("what a writer gives it goes to standard error as it is") {
    const captured_stderr captured;
    const millrace::detail::stderr_sink sink;
    REQUIRE(sink.write("one\ntwo\n"));
    sink.reopen();
    REQUIRE(sink.write("three\n"));
    REQUIRE(captured.text() == "one\ntwo\nthree\n");
}
