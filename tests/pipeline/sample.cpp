#include <millrace/pipeline/sample.hpp>

#include <map>
#include <stdexcept>

#include <millrace/pipeline/describe.hpp>

#include "gated.hpp"

using namespace millrace;

TEST_CASE("of each key the first goes on, and then each so-many-th") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const std::uint64_t each = 1 + random() % 5;
        std::map<std::string, std::uint64_t> came;
        check_gate(
            random, [&] { return key_by(&trade::symbol) | sample(each); },
            [&](const trade& one, long long) {
                return came[std::string{one.symbol}]++ % each == 0;
            });
    }
}

namespace {

struct length {
    double value;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<length> = millrace::fields(millrace::field{"value",
                                                                                  &length::value});

TEST_CASE("a stream without time or key may be sampled, too") {
    std::vector<double> out;
    auto running = start(from<length>("lengths") | sample(3),
                         [&](const length& one) { out.push_back(one.value); });
    for (int i = 0; i < 8; ++i) running.push({static_cast<double>(i)});
    CHECK(out == std::vector<double>{0, 3, 6});
    CHECK_THROWS_AS(sample(0), std::invalid_argument);
}
