#include <millrace/codec/field_names.hpp>

#include <random>
#include <string>

#include "catch.hpp"

namespace {

struct many {
    int v = 0;
};

struct nothing {};

}  // namespace

template <>
inline constexpr auto millrace::schema<many> = millrace::fields(
    millrace::field{"", &many::v}, millrace::field{"a", &many::v}, millrace::field{"b", &many::v},
    millrace::field{"ab", &many::v}, millrace::field{"ba", &many::v},
    millrace::field{"abc", &many::v}, millrace::field{"time", &many::v},
    millrace::field{"price", &many::v}, millrace::field{"size", &many::v},
    millrace::field{"pricf", &many::v}, millrace::field{"symbol", &many::v},
    millrace::field{"1234567", &many::v}, millrace::field{"12345678", &many::v},
    millrace::field{"123456789", &many::v}, millrace::field{"exactly_16_bytes", &many::v},
    millrace::field{"seventeen_bytes_!", &many::v}, millrace::field{"seventeen_xytes_!", &many::v},
    millrace::field{"seventeenXbytes_!", &many::v},
    millrace::field{"a rather long name with a middle that matters", &many::v},
    millrace::field{"a rather long name with a muddle that matters", &many::v},
    millrace::field{"gr\xC3\xBC\xC3\x9F"
                    "e",
                    &many::v});
template <>
inline constexpr auto millrace::schema<nothing> = millrace::fields();

using namespace millrace;

TEST_CASE("field_names finds every name whatever it expects, and agrees with a plain comparison") {
    using names = detail::field_names<many>;
    const auto all = schema<many>.names();
    const auto naive = [&](std::string_view name) {
        return static_cast<std::size_t>(std::find(all.begin(), all.end(), name) - all.begin());
    };
    const unsigned seed = 13;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (std::size_t expected = 0; expected <= names::size + 1; ++expected) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            CHECK(names::find(std::string{all[i]}, expected) == i);
            for (int round = 0; round < 50; ++round) {
                std::string other{all[i]};
                switch (random() % 4) {
                    case 0: other.push_back(static_cast<char>(random())); break;
                    case 1: other = other.substr(random() % (other.size() + 1)); break;
                    case 2: other.resize(random() % (other.size() + 1)); break;
                    default:
                        if (!other.empty())
                            other[random() % other.size()] = static_cast<char>(random());
                }
                CHECK(names::find(other, expected) == naive(other));
            }
        }
    }
}

TEST_CASE("field_names of a struct without fields finds none") {
    CHECK(detail::field_names<nothing>::find("x", 0) == 0);
    CHECK(detail::field_names<nothing>::find("", 0) == 0);
}
