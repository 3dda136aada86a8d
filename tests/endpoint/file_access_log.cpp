#include <millrace/endpoint/file_access_log.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "catch.hpp"

using namespace millrace;
namespace fs = std::filesystem;

namespace {

struct folder {
    fs::path path = fs::temp_directory_path() / ("millrace-access-" + std::to_string(::getpid()));
    folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~folder() { fs::remove_all(path); }
};

std::string text_of(const fs::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

access_entry request_to(std::string_view target) {
    return {.method = "GET", .target = target, .status = 200};
}

}  // namespace

TEST_CASE("lines are appended to the file, which goes on under its name after a rotation") {
    const folder at;
    const auto file = at.path / "access.log", old = at.path / "access.log.1";
    std::ofstream{file} << "before\n";
    const file_access_log log{file, {.format = access_format::common}};
    log.write(request_to("/one"));
    log.flush();
    REQUIRE(text_of(file).starts_with("before\n"));
    REQUIRE(text_of(file).find("GET /one ") != std::string::npos);

    fs::rename(file, old);
    log.write(request_to("/two"));
    log.reopen();
    log.write(request_to("/three"));
    log.flush();
    REQUIRE(text_of(old).find("GET /one ") != std::string::npos);
    REQUIRE(text_of(file).find("GET /three ") != std::string::npos);
    REQUIRE((text_of(old) + text_of(file)).find("GET /two ") != std::string::npos);
    REQUIRE(log.lost() == 0);
}

TEST_CASE("a file that cannot be opened is refused, one that is gone is tried again") {
    const folder at;
    REQUIRE_THROWS_AS(file_access_log(at.path / "none" / "access.log"), std::system_error);

    const auto inner = at.path / "logs";
    fs::create_directory(inner);
    const file_access_log log{inner / "access.log"};
    fs::remove_all(inner);
    log.reopen();
    log.flush();
    log.write(request_to("/lost"));
    log.flush();
    REQUIRE(log.lost() == 1);
    fs::create_directory(inner);
    log.write(request_to("/found"));
    log.flush();
    REQUIRE(text_of(inner / "access.log").find("GET /found ") != std::string::npos);
}

TEST_CASE("copies write to one file") {
    const folder at;
    {
        const file_access_log first{at.path / "access.log"};
        const file_access_log second{first};
        first.write(request_to("/first"));
        second.write(request_to("/second"));
    }
    const auto text = text_of(at.path / "access.log");
    REQUIRE(text.find("/first") < text.find("/second"));
    REQUIRE(text.find("/second") != std::string::npos);
}
