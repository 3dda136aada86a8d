#include <millrace/transport/detail/socket_file.hpp>

#include <sys/syscall.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <asio/error.hpp>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace millrace::detail;
namespace fs = std::filesystem;

namespace {

/// Done once, just before a file is locked.
thread_local std::function<void()> before_lock;

bool is_locked(const std::string& path) {
    try {
        const start_lock lock{path};
        return false;
    } catch (const std::system_error& e) {
        REQUIRE(e.code() == asio::error::address_in_use);
        return true;
    }
}

}  // namespace

/// Takes the place of the C library's.
extern "C" int flock(int descriptor, int operation) noexcept {
    if (const auto hook = std::exchange(before_lock, nullptr)) hook();
    return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}

TEST_CASE("a path's start lock has one holder, and leaves nothing behind") {
    const temporary_folder folder;
    const auto path = folder / "socket";
    {
        const start_lock lock{path};
        REQUIRE(is_locked(path));
        REQUIRE(is_locked(path));
        REQUIRE(!is_locked(folder / "other"));
    }
    REQUIRE(!is_locked(path));
    REQUIRE(fs::is_empty(folder / ""));
}

TEST_CASE("a start lock of a file that its holder has just removed does not count") {
    const temporary_folder folder;
    const auto path = folder / "socket";
    std::optional<start_lock> earlier{std::in_place, path};
    before_lock = [&] { earlier.reset(); };
    const start_lock lock{path};
    REQUIRE(!earlier);
    REQUIRE(is_locked(path));
}

TEST_CASE("a start lock does not follow a link, and says what is wrong with its folder") {
    const temporary_folder folder;
    fs::create_symlink(folder / "elsewhere", folder / "socket.starting");
    REQUIRE_THROWS_AS(start_lock{folder / "socket"}, std::system_error);
    REQUIRE(!fs::exists(folder / "elsewhere"));
    REQUIRE_THROWS_AS(start_lock{folder / "missing/socket"}, std::system_error);
}

TEST_CASE("what is no file in the start lock's place is refused at once, and stays") {
    const temporary_folder folder;
    const auto path = folder / "socket.starting";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    try {
        const start_lock lock{folder / "socket"};
        FAIL("not refused");
    } catch (const std::system_error& e) {
        REQUIRE(e.code() == std::errc::file_exists);
    }
    REQUIRE(fs::is_fifo(path));
    fs::remove(path);
    fs::create_directory(path);
    REQUIRE_THROWS_AS(start_lock{folder / "socket"}, std::system_error);
    REQUIRE(fs::is_directory(path));
}

TEST_CASE("a socket's file is removed unless it is another's by then") {
    const temporary_folder folder;
    const auto path = folder / "socket";
    const auto make = [&] { std::ofstream{path} << "x"; };
    make();
    {
        socket_file first{path};
        socket_file moved{std::move(first)};
        first.remove();
        REQUIRE(fs::exists(path));
        fs::rename(path, folder / "old");
        make();
    }
    REQUIRE(fs::exists(path));
    { const socket_file owned{path}; }
    REQUIRE(!fs::exists(path));
}
