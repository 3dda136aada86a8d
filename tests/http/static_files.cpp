#include <millrace/http/static_files.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"
#include "no_descriptors.hpp"

using namespace millrace;
using namespace millrace::http;
namespace fs = std::filesystem;

namespace {

/// A folder of files beside one that must not be seen.
struct site {
    fs::path top = fs::temp_directory_path() / ("millrace-files-" + std::to_string(::getpid()));
    fs::path root = top / "www";

    site() {
        fs::remove_all(top);
        fs::create_directories(root / "sub" / ".git");
        fs::create_directories(top / "www-other");
        write("www/index.html", "<p>home</p>");
        write("www/app.js", "let x;");
        write("www/sub/index.html", "<p>sub</p>");
        write("www/sub/.git/config", "secret");
        write("www/.env", "secret");
        write("www/empty.txt", "");
        write("www-other/secret.txt", "secret");
        write("secret.txt", "secret");
    }
    ~site() { fs::remove_all(top); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream{top / name, std::ios::binary} << text;
    }
};

response get(static_files& files, std::string_view target, std::string_view headers = {}) {
    request request;
    std::string head{"GET "};
    head.append(target).append(" HTTP/1.1\r\nHost: x\r\n").append(headers).append("\r\n");
    REQUIRE(parse_request(head, request).state == parse_result::complete);
    return files.serve(request);
}

/// The body; what could be read of it where it fails.
std::string text_of(const response& answer) {
    std::string text;
    body_reader from{answer.source};
    while (!from.is_done())
        if (!from.next(text)) break;
    return text;
}

std::string header(const response& answer, const std::string& name) {
    const auto at = answer.extra_headers.find(name + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return answer.extra_headers.substr(from, answer.extra_headers.find('\r', from) - from);
}

constexpr static_files::limits roomy{1024 * 1024, 1024 * 1024};

}  // namespace

TEST_CASE("files are served with their media types") {
    site s;
    static_files files{"/", s.root, roomy};
    const auto script = get(files, "/app.js");
    REQUIRE(script.status == 200);
    REQUIRE(text_of(script) == "let x;");
    REQUIRE(script.content_type == "text/javascript; charset=utf-8");
    REQUIRE(text_of(get(files, "/")) == "<p>home</p>");
    REQUIRE(get(files, "/").content_type == "text/html; charset=utf-8");
    REQUIRE(text_of(get(files, "/sub/")) == "<p>sub</p>");
    REQUIRE(get(files, "/empty.txt").status == 200);
    REQUIRE(text_of(get(files, "/empty.txt")).empty());
}

TEST_CASE("a prefix is taken off the path") {
    site s;
    static_files files{"/lib/", s.root, roomy};
    REQUIRE(get(files, "/lib/app.js").status == 200);
    REQUIRE(get(files, "/lib/").status == 200);
}

TEST_CASE("nothing outside of the directory is served") {
    site s;
    fs::create_symlink(s.top / "secret.txt", s.root / "link.txt");
    fs::create_directory_symlink(s.top, s.root / "up");
    fs::create_symlink(s.root / "app.js", s.root / "inner.js");
    static_files files{"/", s.root, roomy};
    const std::string target = GENERATE(
        as<std::string>{}, "/missing", "/sub", "/.env", "/sub/.git/config", "/link.txt",
        "/up/secret.txt", "//etc/passwd", "/%2fetc/passwd", "/..%5csecret.txt", "/app.js/",
        "/app.js/x", "/www-other/secret.txt", "//app.js", "/%2fapp.js", "/sub//index.html");
    CAPTURE(target);
    REQUIRE(get(files, target).status == 404);
    REQUIRE(get(files, "/inner.js").status == 200);
}

TEST_CASE("dot segments, plain or encoded, are no request at all") {
    const std::string path = GENERATE(as<std::string>{}, "/../secret.txt", "/%2e%2e/secret.txt",
                                      "/sub/..%2f..%2fsecret.txt", "/a%00b");
    request request;
    const auto parsed = parse_request("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n", request);
    REQUIRE(parsed.state == parse_result::failed);
}

TEST_CASE("a copy that is current is not sent again, and a changed file is") {
    site s;
    static_files files{"/", s.root, roomy};
    const auto first = get(files, "/app.js");
    const auto tag = header(first, "ETag");
    REQUIRE(tag.size() > 2);
    REQUIRE(header(first, "Cache-Control") == "no-cache");
    REQUIRE(get(files, "/app.js", "If-None-Match: " + tag + "\r\n").status == 304);
    REQUIRE(get(files, "/app.js", "If-None-Match: \"a\", W/" + tag + "\r\n").status == 304);
    REQUIRE(get(files, "/app.js", "If-None-Match: \"other\"\r\n").status == 200);

    s.write("www/app.js", "let changed;");
    const auto second = get(files, "/app.js", "If-None-Match: " + tag + "\r\n");
    REQUIRE(second.status == 200);
    REQUIRE(text_of(second) == "let changed;");
}

TEST_CASE("files are kept in memory as far as they fit") {
    site s;
    SECTION("a file that fits is read once") {
        static_files files{"/", s.root, roomy};
        const auto first = get(files, "/app.js");
        REQUIRE(get(files, "/app.js").source == first.source);
    }
    SECTION("one that does not is read each time") {
        static_files files{"/", s.root, {1024, 5}};
        const auto first = get(files, "/app.js");
        const auto second = get(files, "/app.js");
        REQUIRE(text_of(second) == "let x;");
        REQUIRE(second.source != first.source);
    }
    SECTION("one above the limit is not served") {
        static_files files{"/", s.root, {5, 1024}};
        REQUIRE(get(files, "/app.js").status == 404);
    }
}

TEST_CASE("a file that is not kept takes no memory, and is refused once it changed") {
    site s;
    static_files files{"/", s.root, {1024 * 1024, 0}};
    const std::string text(3 * body_source::piece_bytes + 1, 'x');
    s.write("www/large.txt", text);
    const auto answer = get(files, "/large.txt");
    REQUIRE(answer.content_bytes() == text.size());
    REQUIRE(answer.source->memory_bytes() == 0);
    REQUIRE(text_of(answer) == text);

    s.write("www/large.txt", text.substr(1));
    std::string piece;
    REQUIRE(!answer.source->read(0, 10, piece));
    REQUIRE(text_of(get(files, "/large.txt")) == text.substr(1));
}

TEST_CASE("no descriptor is left: 503, since the file is there") {
    site s;
    static_files files{"/", s.root, roomy};
    {
        const no_descriptors none;
        REQUIRE(get(files, "/app.js").status == 503);
    }
    REQUIRE(get(files, "/app.js").status == 200);
}

TEST_CASE("a directory that is not there is refused at once") {
    REQUIRE_THROWS_AS((static_files{"/", "/no/such/directory", roomy}), fs::filesystem_error);
    const site s;
    REQUIRE_THROWS_AS((static_files{"/", s.root / "app.js", roomy}), fs::filesystem_error);
}
