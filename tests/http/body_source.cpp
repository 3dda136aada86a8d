#include <millrace/http/body_source.hpp>

#include <memory>
#include <string>

#include "catch.hpp"

using namespace millrace::http;

namespace {

/// Any number of bytes, of which those from `good` on cannot be read.
class failing_source final : public body_source {
public:
    explicit failing_source(std::uint64_t good) : good_{good} {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return 1'000'000; }
    [[nodiscard]] bool read(std::uint64_t offset, std::size_t count,
                            std::string& out) const override {
        out.append(count, 'x');
        return offset + count <= good_;
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }

private:
    std::uint64_t good_;
};

}  // namespace

TEST_CASE("a reader gives a body in pieces, to its end") {
    std::string text;
    for (std::size_t i = 0; i != 2 * body_source::piece_bytes + 5; ++i)
        text.push_back(static_cast<char>('a' + i % 23));
    body_reader from{std::make_shared<text_source>(text)};
    std::string all;
    std::size_t pieces = 0;
    while (!from.is_done()) {
        std::string piece;
        REQUIRE(from.next(piece));
        REQUIRE(piece.size() <= body_source::piece_bytes);
        all += piece;
        ++pieces;
    }
    REQUIRE(all == text);
    REQUIRE(pieces == 3);
    REQUIRE(from.memory_bytes() == 0);
}

TEST_CASE("no body, and an empty one, are done at once") {
    REQUIRE(body_reader{}.is_done());
    REQUIRE(body_reader{nullptr}.is_done());
    REQUIRE(body_reader{std::make_shared<text_source>("")}.is_done());
}

TEST_CASE("a body that cannot be read to its end says so") {
    body_reader from{std::make_shared<failing_source>(2 * body_source::piece_bytes)};
    std::string out;
    REQUIRE(from.next(out));
    REQUIRE(from.next(out));
    REQUIRE(!from.next(out));
    REQUIRE(!from.is_done());
}

TEST_CASE("the memory of a shared body is divided among those who hold it") {
    const auto text = std::make_shared<text_source>(std::string(100'000, 'x'));
    body_reader one{text};
    REQUIRE(one.memory_bytes() == text->memory_bytes() / 2);
    body_reader two{text}, three{text};
    REQUIRE(one.memory_bytes() == text->memory_bytes() / 4);
}

TEST_CASE("a text gives back what it reserved for nothing") {
    std::string text(100'000, 'x');
    text.reserve(1'000'000);
    REQUIRE(text_source{std::move(text)}.memory_bytes() < 200'000);
}
