#include <millrace/websocket/mask.hpp>

#include <cstddef>
#include <cstring>
#include <random>
#include <string>

#include "catch.hpp"

using namespace millrace::websocket;

TEST_CASE("masking is what RFC 6455, section 5.3 says, for every size and alignment") {
    std::mt19937 random{7};
    for (std::size_t size = 0; size != 140; ++size)
        for (std::size_t offset = 0; offset != 9; ++offset) {
            const auto mask = static_cast<std::uint32_t>(random());
            unsigned char key[4];
            std::memcpy(key, &mask, 4);

            std::string data(offset + size + 16, '\0');
            for (char& c : data) c = static_cast<char>(random());
            std::string expected = data;
            bool is_ascii = true;
            for (std::size_t i = 0; i != size; ++i) {
                char& c = expected[offset + i];
                c = static_cast<char>(c ^ static_cast<char>(key[i % 4]));
                is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
            }
            CHECK(apply_mask(data.data() + offset, size, mask) == is_ascii);
            CHECK(data == expected);
        }
}

TEST_CASE("one byte that is not ASCII is noticed wherever it stands") {
    for (std::size_t size = 1; size != 100; ++size)
        for (std::size_t at = 0; at != size; ++at) {
            std::string data(size, 'a');
            CHECK(apply_mask(data.data(), size, 0));
            data[at] = '\x80';
            CHECK_FALSE(apply_mask(data.data(), size, 0));
            CHECK_FALSE(apply_mask(data.data(), size, 0x01020304));
            CHECK_FALSE(apply_mask(data.data(), size, 0x01020304));
        }
}

TEST_CASE("a masked text may be unmasked in parts") {
    constexpr std::uint32_t mask = 0x12345678;
    std::string whole(23, 'x');
    apply_mask(whole.data(), whole.size(), mask);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        std::string parts = whole;
        apply_mask(parts.data(), cut, mask);
        apply_mask(parts.data() + cut, parts.size() - cut, turn_mask(mask, cut));
        CHECK(parts == std::string(23, 'x'));
    }
}
