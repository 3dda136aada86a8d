#include <millrace/codec/text_block.hpp>

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

TEST_CASE("text_block appends its pieces in order, whatever their sizes are") {
    std::mt19937 random{4};
    const std::string padded = std::string(300, 'p') + std::string(text_block::step, '?');
    for (int round = 0; round < 200; ++round) {
        std::string out = "before", expected = out;
        {
            text_block block{out};
            for (int piece = 0; piece < 100; ++piece) {
                switch (random() % 4) {
                    case 0:
                        block.put("literal");
                        expected += "literal";
                        break;
                    case 1: {
                        const std::size_t size = random() % 300;
                        block.put_padded({padded.data() + 300 - size, size});
                        expected.append(size, 'p');
                        break;
                    }
                    case 2: {
                        const std::size_t size = random() % 200;
                        char* const to = block.room<200>();
                        std::memset(to, 'x', 200);
                        block.written_to(to + size);
                        expected.append(size, 'x');
                        break;
                    }
                    default: block.flush() += "direct"; expected += "direct";
                }
            }
            block.flush();
        }
        REQUIRE(out == expected);
    }
}

TEST_CASE("text_block puts nothing into the string before it is full or flushed") {
    std::string out;
    text_block block{out};
    block.put("a");
    CHECK(out.empty());
    CHECK(block.flush() == "a");
    CHECK(block.flush() == "a");
}
