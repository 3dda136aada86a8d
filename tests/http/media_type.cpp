#include <millrace/http/media_type.hpp>

#include <string_view>

#include "catch.hpp"

using millrace::http::media_type_of;

TEST_CASE("a file's media type is known by its extension, in any case") {
    for (const auto* name : {"index.html", "INDEX.HTM", "a.b/old.Htm", "x.HTML"})
        CHECK(media_type_of(name) == "text/html; charset=utf-8");
    CHECK(media_type_of("photo.JPG") == "image/jpeg");
    CHECK(media_type_of("photo.jpeg") == "image/jpeg");
    CHECK(media_type_of("App.MJS") == "text/javascript; charset=utf-8");
    CHECK(media_type_of("report.pdf") == "application/pdf");
    CHECK(media_type_of("font.WOFF2") == "font/woff2");
    CHECK(media_type_of("archive.tar.gz") == "application/gzip");
}

TEST_CASE("other files are bytes") {
    for (const auto* name :
         {"x.unknown", "x", "", "html", ".html", "x.", "x.html.", "x.ht", "x.jſ"})
        CHECK(media_type_of(name) == "application/octet-stream");
}
