#include <millrace/http/file_source.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"

using namespace millrace::http;
namespace fs = std::filesystem;

namespace {

struct folder {
    fs::path path = fs::temp_directory_path() / ("millrace-source-" + std::to_string(::getpid()));

    folder() { fs::create_directories(path); }
    ~folder() { fs::remove_all(path); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream{path / name, std::ios::binary} << text;
    }
    [[nodiscard]] std::shared_ptr<const file_source> open(const std::string& name) const {
        std::error_code error;
        auto made = file_source::open(path / name, error);
        REQUIRE((made == nullptr) == static_cast<bool>(error));
        return made;
    }
};

}  // namespace

TEST_CASE("a file is read where it is asked for") {
    const folder in;
    in.write("a", "0123456789");
    const auto file = in.open("a");
    REQUIRE(file->size() == 10);
    std::string out = ">";
    REQUIRE(file->read(3, 4, out));
    REQUIRE(out == ">3456");
    REQUIRE(file->read(9, 1, out));
    REQUIRE(out == ">34569");
}

TEST_CASE("a file that is written to is no longer the same") {
    const folder in;
    in.write("a", "0123456789");
    const auto file = in.open("a");
    std::string out;
    SECTION("shorter") { in.write("a", "01234"); }
    SECTION("longer") { std::ofstream{in.path / "a", std::ios::app} << "more"; }
    SECTION("of the same length") {
        in.write("a", "abcdefghij");
        const timespec times[2]{{1, 0}, {1, 1}};
        REQUIRE(::utimensat(AT_FDCWD, (in.path / "a").c_str(), times, 0) == 0);
    }
    REQUIRE(!file->read(0, 5, out));
}

TEST_CASE("a file that is replaced or removed is sent as it was") {
    const folder in;
    in.write("a", "old");
    const auto file = in.open("a");
    in.write("b", "something new");
    fs::rename(in.path / "b", in.path / "a");
    std::string out;
    REQUIRE(file->read(0, 3, out));
    REQUIRE(out == "old");
    fs::remove(in.path / "a");
    REQUIRE(file->read(0, 3, out));
}

TEST_CASE("only regular files are opened, and no links; nothing waits for a FIFO's other end") {
    const folder in;
    in.write("a", "x");
    fs::create_symlink(in.path / "a", in.path / "link");
    REQUIRE(::mkfifo((in.path / "fifo").c_str(), 0600) == 0);
    REQUIRE(in.open("a") != nullptr);
    REQUIRE(in.open("missing") == nullptr);
    REQUIRE(in.open("link") == nullptr);
    REQUIRE(in.open("fifo") == nullptr);
    REQUIRE(in.open(".") == nullptr);
}
