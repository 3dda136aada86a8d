#include <millrace/journal/file_journal.hpp>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include <sys/resource.h>

#include <millrace/core/error.hpp>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace millrace;

namespace {

std::string bytes_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

struct read_back {
    std::string head;
    std::vector<std::string> blocks;
    std::error_code error;
};

read_back read_all(const std::string& file) {
    file_journal_reader reader{file};
    read_back all{std::string{reader.head()}, {}, {}};
    while (const auto block = reader.next()) all.blocks.emplace_back(*block);
    CHECK_FALSE(reader.next());
    all.error = reader.error();
    return all;
}

std::error_code refusal_of(const std::string& file) {
    try {
        const file_journal_reader reader{file};
    } catch (const std::system_error& error) {
        CHECK(std::string{error.what()}.find(file) != std::string::npos);
        return error.code();
    }
    return {};
}

}  // namespace

TEST_CASE("a journal gives back its head and its blocks, however large they are") {
    const unsigned seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    const temporary_folder folder;
    const std::string file = folder / "a";
    std::vector<std::string> blocks{"", std::string(3'000'000, 'x')};
    for (int i = 0; i < 50; ++i) {
        std::string& block = blocks.emplace_back();
        for (auto size = random() % 300; size > 0; --size)
            block.push_back(static_cast<char>(random()));
    }
    {
        file_journal out{file};
        out.begin("head");
        for (const auto& each : blocks) out.append(each);
        CHECK_FALSE(out.error());
    }
    const read_back all = read_all(file);
    CHECK(all.head == "head");
    CHECK((all.blocks == blocks));
    CHECK_FALSE(all.error);
}

TEST_CASE("cut anywhere a journal gives the blocks that are whole, and says so") {
    const temporary_folder folder;
    const std::string file = folder / "a", part = folder / "b";
    std::vector<std::size_t> ends;
    {
        file_journal out{file};
        out.begin("head");
        ends.push_back(std::filesystem::file_size(file));
        for (int i = 0; i < 5; ++i) {
            out.append(std::string(static_cast<std::size_t>(20 + i), static_cast<char>('a' + i)));
            ends.push_back(std::filesystem::file_size(file));
        }
    }
    const std::string whole = bytes_of(file);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        CAPTURE(size);
        std::ofstream{part, std::ios::binary} << whole.substr(0, size);
        if (size < ends.front()) {
            CHECK(refusal_of(part));
            continue;
        }
        const read_back all = read_all(part);
        std::size_t expected = 0;
        while (expected + 1 < ends.size() && ends[expected + 1] <= size) ++expected;
        CHECK(all.blocks.size() == expected);
        CHECK(all.error == (ends[expected] == size ? std::error_code{}
                                                   : std::error_code{errc::archive_truncated}));
    }
}

TEST_CASE("a journal with a bit that is not as it was gives what stands before it") {
    const temporary_folder folder;
    const std::string file = folder / "a", other = folder / "b";
    std::size_t first = 0;
    {
        file_journal out{file};
        out.begin("head");
        out.append("one");
        first = std::filesystem::file_size(file);
        out.append("two");
        out.append("three");
    }
    const std::string whole = bytes_of(file);
    for (std::size_t at = first; at < whole.size(); ++at) {
        CAPTURE(at);
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        std::ofstream{other, std::ios::binary} << changed;
        const read_back all = read_all(other);
        CHECK(all.error);
        CHECK(all.blocks.size() < 3);
        CHECK(all.blocks.front() == "one");
    }
}

TEST_CASE("a journal's bytes are those that its header describes") {
    using namespace std::string_literals;
    const temporary_folder folder;
    const std::string file = folder / "a";
    {
        file_journal out{file};
        out.begin("head");
        out.append("ten bytes!");
        out.append("");
    }
    CHECK(bytes_of(file) ==
          "millrace journal 1\n"
          "\x04\x00\x00\x00\x89\x82\xb6\x1e\x0a\x7e\xad\xa5"
          "head"
          "\x0a\x00\x00\x00\x4e\x0c\x08\xc5\xdf\x3c\x9b\xcc"
          "ten bytes!"
          "\x00\x00\x00\x00\xed\x6f\xeb\xb4\x07\x88\x32\x08"s);
}

TEST_CASE("what is no journal, or not there, is refused, and so is a file that is") {
    const temporary_folder folder;
    std::ofstream{folder / "text"} << "{\"symbol\":\"a\"}\n{\"symbol\":\"b\"}\n";
    CHECK(refusal_of(folder / "text") == errc::archive_corrupt);
    CHECK(refusal_of(folder / "none") == std::errc::no_such_file_or_directory);
    CHECK_THROWS_AS(file_journal{folder / "text"}, std::system_error);
    CHECK_THROWS_AS(file_journal{folder / "none/in/here"}, std::system_error);
}

TEST_CASE("a journal that cannot be written any more says why, and keeps what it has") {
    const temporary_folder folder;
    const std::string file = folder / "a";
    file_journal out{file};
    out.begin("head");
    out.append("one");
    {
        const auto before = std::signal(SIGXFSZ, SIG_IGN);
        rlimit usual{};
        REQUIRE(getrlimit(RLIMIT_FSIZE, &usual) == 0);
        const rlimit tight{100, usual.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
        out.append(std::string(1000, 'x'));
        REQUIRE(setrlimit(RLIMIT_FSIZE, &usual) == 0);
        std::signal(SIGXFSZ, before);
    }
    CHECK(out.error() == std::errc::file_too_large);
    out.append("two");
    const read_back all = read_all(file);
    CHECK((all.blocks == std::vector<std::string>{"one"}));
    CHECK(all.error == errc::archive_truncated);
}
