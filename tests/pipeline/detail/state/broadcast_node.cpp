#include <millrace/pipeline/detail/state/broadcast_node.hpp>

#include <array>
#include <memory>
#include <optional>
#include <random>

#include "../../naive.hpp"
#include "../../ruled.hpp"
#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct seen {
    std::string symbol;
    double price, size;
    long long time;

    friend bool operator==(const seen&, const seen&) = default;
};
struct note_seen {
    std::vector<seen>* out;

    void operator()(const trade& one) const {
        out->push_back({std::string{one.symbol}, one.price, one.size, ms_of(one.time)});
    }
};

/// The rules by the textbook: one after the other, as they come.
struct naive_rules {
    std::map<std::string, double> factors{};
    std::map<std::string, int> counts{};
    std::vector<seen> out{};

    /// False where it throws.
    bool push(const rule& one) {
        factors[std::string{one.symbol}] = one.factor;
        return one.factor >= 0;
    }
    bool push(const trade& one) {
        const std::string symbol{one.symbol};
        double factor = 1;
        if (factors.contains("*")) factor = factors["*"];
        if (factors.contains(symbol)) factor = factors[symbol];
        const int count = ++counts[symbol];
        if (one.size == 0) return false;
        out.push_back({symbol, one.price * factor, static_cast<double>(count), ms_of(one.time)});
        return true;
    }
};

void check_random(unsigned seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto draw = [&](unsigned below) { return static_cast<int>(random() % below); };
    std::vector<seen> out;
    const auto make = [&] {
        auto running =
            start(from<trade>("trades", any_time, disorder{10ms}) | key_by(&trade::symbol) |
                      with_broadcast<factors>(from<rule>("rules", any_time), add_rule,
                                              process_with_state<int>(by_rules_counted)),
                  note_seen{&out});
        return std::make_unique<decltype(running)>(std::move(running));
    };
    const auto is_good = [](auto&& call) {
        try {
            call();
            return true;
        } catch (const std::runtime_error&) {
            return false;
        }
    };
    auto running = make();
    naive_rules right;
    const std::array<std::string, 4> names{"a", "b", "c", "*"};
    long long now = draw(2) * 2000 - 1000;
    for (int step = 0; step < 150; ++step) {
        now += draw(5);
        const timestamp time = at_ms(now - draw(12));
        if (draw(6) == 0) {
            const rule one{names[random() % 4], draw(10) - 1.0, time};
            REQUIRE(is_good([&] { running->template source<1>().push(one); }) == right.push(one));
        } else {
            const trade one{names[random() % 3], draw(100) + 1.0, draw(8) + 0.0, time};
            REQUIRE(is_good([&] { running->template source<0>().push(one); }) == right.push(one));
        }
        if (draw(30) == 0) {
            const std::string saved = save(*running);
            running = make();
            input_archive ar{saved};
            ar(*running);
            REQUIRE(ar.ok());
            REQUIRE(ar.bytes_left() == 0);
        }
    }
    REQUIRE(out == right.out);
}

}  // namespace

TEST_CASE("events see the rules that came before them, as in a naive model") {
    for (unsigned i = 0; i < 200; ++i) check_random(Catch::rngSeed() + i);
}

TEST_CASE("a state that was cut short is an error, and nothing goes on with it") {
    std::vector<seen> out;
    const auto make = [&] {
        return start(from<trade>("trades") |
                         with_broadcast<factors>(from<rule>("rules"), add_rule, by_rules),
                     note_seen{&out});
    };
    auto first = make();
    first.source<1>().push({"a", 3, at_ms(0)});
    first.source<1>().push({"b", 5, at_ms(0)});
    const std::string saved = save(first);
    for (std::size_t size = 0; size < saved.size(); ++size) {
        auto cut = make();
        input_archive part{std::string_view{saved}.substr(0, size)};
        part(cut);
        REQUIRE_FALSE(part.ok());
        REQUIRE_THROWS_AS(cut.source<0>().push({"a", 1, 1, at_ms(1)}), std::logic_error);
    }
    std::string two_of_one = saved;
    two_of_one[two_of_one.find("b")] = 'a';
    auto damaged = make();
    input_archive ar{two_of_one};
    ar(damaged);
    CHECK(ar.error() == errc::archive_corrupt);
}
