#include <millrace/publish/topic.hpp>

#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "listener.hpp"

using namespace millrace;

namespace {

struct publishing {
    topic bars{"bars", "symbol"};
    int encoded = 0, keyed = 0;

    void publish(std::string_view key) {
        bars.publish(
            [&](std::string& out) {
                ++encoded;
                out += key;
            },
            [&](std::string& out) {
                ++keyed;
                out += key;
            });
    }
};

}  // namespace

TEST_CASE("a record goes to all who follow the topic, encoded once") {
    publishing p;
    listener a, b;
    const auto first = p.bars.subscribe(a, {}), second = p.bars.subscribe(b, {});
    p.publish("acme");
    REQUIRE(a.got == std::vector<std::string>{"acme"});
    REQUIRE(b.got == a.got);
    REQUIRE(p.encoded == 1);
    REQUIRE(p.keyed == 0);
}

TEST_CASE("a record without followers is counted and not encoded") {
    publishing p;
    p.publish("acme");
    REQUIRE(p.encoded == 0);
    listener other;
    const auto of_other = p.bars.subscribe(other, "other");
    p.publish("acme");
    REQUIRE(p.encoded == 0);
    REQUIRE(p.bars.records() == 2);
}

TEST_CASE("who follows one key gets that key's records only") {
    publishing p;
    listener acme, initech, all;
    const auto one = p.bars.subscribe(acme, "acme"), two = p.bars.subscribe(initech, "initech"),
               three = p.bars.subscribe(all, {});
    p.publish("acme");
    p.publish("umbrella");
    REQUIRE(acme.got.size() == 1);
    REQUIRE(initech.got.empty());
    REQUIRE(all.got.size() == 2);
    REQUIRE(p.bars.subscribers() == 3);
}

TEST_CASE("a key is followed whatever way it is written, by a replica's followers, too") {
    topic bars{"bars", "id", overflow_policy::drop_oldest, &canonical_key<int>};
    const auto replica = bars.replica();
    for (topic* each : {&bars, replica.get()}) {
        listener seven, none;
        const auto one = each->subscribe(seven, "007"), two = each->subscribe(none, "seven");
        each->publish("x", "7");
        REQUIRE(seven.got.size() == 1);
        REQUIRE(none.got.empty());
        REQUIRE(each->canonical_key("+7") == std::nullopt);
    }
}

TEST_CASE("bytes that are there are given as they are, however large, before and behind others") {
    publishing p;
    listener all, acme;
    const auto one = p.bars.subscribe(all, {}), two = p.bars.subscribe(acme, "acme");
    const std::string large(100'000, 'x');
    p.bars.publish("short", "acme");
    p.bars.publish([&](std::string& out) { out += large; },
                   [](std::string& out) { out += "other"; });
    p.publish("acme");
    REQUIRE(all.got == std::vector<std::string>{"short", large, "acme"});
    REQUIRE(acme.got == std::vector<std::string>{"short", "acme"});
}

TEST_CASE("subscriptions end in any order, and others go on") {
    const unsigned seed = GENERATE(1u, 2u, 3u);
    CAPTURE(seed);
    std::mt19937 random{seed};
    publishing p;
    struct follower {
        listener to;
        std::string key;
        std::unique_ptr<detail::subscription> place;
        std::size_t expected = 0;
    };
    std::vector<follower> followers(50);
    for (int step = 0; step < 2000; ++step) {
        auto& one = followers[random() % followers.size()];
        if (one.place) {
            one.place.reset();
        } else {
            one.key = random() % 2 == 0 ? "" : "k" + std::to_string(random() % 3);
            one.place =
                p.bars.subscribe(one.to, one.key.empty() ? std::nullopt : std::optional{one.key});
        }
        const std::string key = "k" + std::to_string(random() % 4);
        p.publish(key);
        std::size_t count = 0;
        for (auto& each : followers) {
            count += each.place != nullptr;
            each.expected += each.place && (each.key.empty() || each.key == key);
            REQUIRE(each.to.got.size() == each.expected);
        }
        REQUIRE(p.bars.subscribers() == count);
    }
}

TEST_CASE("records of a conflating topic have a subject for each key, those of others have none") {
    topic last{"last", "symbol", overflow_policy::conflate},
        again{"again", "symbol", overflow_policy::conflate}, every{"every", "symbol"};
    const auto subject_of = [&](topic& of, std::string_view key) {
        listener all;
        const auto following = of.subscribe(all, {});
        of.publish("x", key);
        return all.subjects.at(0);
    };
    REQUIRE(subject_of(last, "a") != 0);
    REQUIRE(subject_of(last, "a") == subject_of(last, "a"));
    REQUIRE(subject_of(last, "a") != subject_of(last, "b"));
    REQUIRE(subject_of(last, "a") != subject_of(again, "a"));
    REQUIRE(subject_of(last, "") != 0);
    REQUIRE(subject_of(every, "a") == 0);
}

TEST_CASE("a topic's replica is given what somebody follows there, with the key where it matters") {
    struct recorder final : detail::record_forwarder {
        std::vector<std::string> keys;
        void hand_over(topic&, std::string_view key, std::string_view record) override {
            REQUIRE(record == "acme");
            keys.emplace_back(key);
        }
    };
    publishing p;
    const auto way = std::make_shared<recorder>();
    const auto there = p.bars.replica();
    p.bars.replicate(there, way);
    REQUIRE(there->name() == "bars");
    p.publish("acme");
    REQUIRE(way->keys.empty());
    REQUIRE(p.encoded == 0);
    listener far;
    {
        const auto following = there->subscribe(far, {});
        REQUIRE(p.bars.subscribers() == 1);
        p.publish("acme");
        REQUIRE(way->keys == std::vector<std::string>{""});
        const auto of_key = there->subscribe(far, "other");
        p.publish("acme");
        REQUIRE(way->keys == std::vector<std::string>{"", "acme"});
    }
    p.publish("acme");
    REQUIRE(way->keys.size() == 2);
}
