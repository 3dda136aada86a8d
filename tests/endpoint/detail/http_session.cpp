#include <millrace/endpoint/detail/http_session.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../server.hpp"

using namespace millrace;
namespace fs = std::filesystem;

namespace {

/// A file too large to be kept in memory, on a server.
struct download {
    fs::path folder = fs::temp_directory_path() / ("millrace-http-" + std::to_string(::getpid()));
    std::string text;
    server s;

    explicit download(endpoint_options options = {}) : s{options} {
        fs::create_directories(folder);
        for (std::size_t i = 0; text.size() < 3'000'000; ++i) text += std::to_string(i) + " ";
        write(text);
        s.endpoint.files("/", folder);
    }
    ~download() { fs::remove_all(folder); }

    void write(const std::string& content) const {
        std::ofstream{folder / "large.txt", std::ios::binary} << content;
    }
};

const std::string ask = "GET /large.txt HTTP/1.1\r\nHost: memory\r\n\r\n";

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE(
    "a large file arrives whole, in whatever pieces the peer takes it, and requests behind it") {
    endpoint_options options;
    options.file_cache_bytes = GENERATE(0u, 32u * 1024 * 1024);
    download d{options};
    memory_stream_options wire;
    wire.capacity_bytes = GENERATE(1'000u, 70'000u, 10'000'000u);
    memory_client who{d.s.io, d.s.wire, wire};
    who.send_raw(ask + "GET /healthz HTTP/1.1\r\nHost: memory\r\n\r\n");
    const std::string answers = who.take_raw();
    const std::string body = body_of(answers);
    REQUIRE(body.substr(0, d.text.size()) == d.text);
    REQUIRE(body.substr(d.text.size()).starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(answers.ends_with("ok\n"));
    REQUIRE(!who.is_ended());
}

TEST_CASE("HEAD of a large file is its head alone") {
    download d;
    memory_client who{d.s.io, d.s.wire};
    who.send_raw("HEAD /large.txt HTTP/1.1\r\nHost: memory\r\n\r\n");
    const std::string answer = who.take_raw();
    REQUIRE(answer.find("Content-Length: " + std::to_string(d.text.size())) != std::string::npos);
    REQUIRE(body_of(answer).empty());
}

TEST_CASE("a file that changes while it is sent ends the connection, and the operator is told") {
    std::size_t told = 0;
    endpoint_options options;
    options.file_cache_bytes = 0;
    options.log = [&](const log_entry& line) {
        if (line.what == log_event::handler_failed) ++told;
    };
    download d{options};
    memory_client who{d.s.io, d.s.wire};
    who.stall();
    who.send_raw(ask);
    d.write("short");
    who.stall(false);
    const std::string answer = who.take_raw();
    REQUIRE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(body_of(answer).size() < d.text.size());
    REQUIRE(d.text.starts_with(body_of(answer)));
    REQUIRE(who.is_ended());
    REQUIRE(told == 1);
    REQUIRE(d.s.counters().connections == 0);
}
