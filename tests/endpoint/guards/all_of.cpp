#include <millrace/endpoint/guards/all_of.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <millrace/endpoint/guards/address_guard.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>

#include "catch.hpp"
#include "requests.hpp"
#include "scripted.hpp"

using namespace millrace;

static_assert(synchronous_guard<all_of<scripted, scripted>>);
static_assert(!asynchronous_guard<all_of<scripted, scripted>>);
static_assert(asynchronous_guard<all_of<scripted, scripted_later>>);
static_assert(!synchronous_guard<all_of<scripted, scripted_later>>);
static_assert(asynchronous_guard<all_of<all_of<scripted, scripted_later>, scripted>>);

namespace {

/// What a user writes who asks a database.
class slow_accounts {
public:
    explicit slow_accounts(std::map<std::string, std::string> accounts)
        : accounts_{
              std::make_shared<const std::map<std::string, std::string>>(std::move(accounts))} {}
    slow_accounts(slow_accounts&&) = default;
    ~slow_accounts() {
        for (auto& each : threads_) each.join();
    }

    void admit(std::shared_ptr<const http::request> request, std::string, verdict_handler reply) {
        threads_.emplace_back([accounts = accounts_, request, reply] {
            const auto found = accounts->find(request->query("user").value_or(""));
            if (found == accounts->end()) return reply({errc::unauthorized, "no such user"});
            reply(verdict::pass(found->second));
        });
    }

private:
    std::shared_ptr<const std::map<std::string, std::string>> accounts_;
    std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("all guards must pass, and the last principal counts") {
    const auto request = get("/");
    CHECK(all_of{scripted{pass("a")}, scripted{pass("b")}, scripted{pass()}}
              .admit(request, "")
              .principal == "b");
    CHECK(all_of{scripted{pass("a")}, scripted{pass()}}.admit(request, "").principal == "a");
    const auto nobody = all_of{scripted{pass()}}.admit(request, "");
    CHECK_FALSE(nobody.error);
    CHECK(nobody.principal.empty());
}

TEST_CASE("of all guards the first refusal counts, and nobody behind it is asked") {
    std::vector<std::string> asked;
    all_of guard{scripted{pass("a"), &asked, "1"}, scripted{refusal("second"), &asked, "2"},
                 scripted{refusal("third"), &asked, "3"}};
    const auto verdict = guard.admit(get("/"), "");
    CHECK(verdict.error == errc::forbidden);
    CHECK(verdict.reason == "second");
    CHECK(verdict.principal.empty());
    CHECK(asked == std::vector<std::string>{"1", "2"});
}

TEST_CASE("guards of several kinds combine") {
    all_of<origin_guard, all_of<address_guard>, bearer_guard> guard = {
        origin_guard{}, all_of{address_guard{{.deny = {"192.0.2.0/24"}}}},
        bearer_guard{{{"secret", "alice"}}}};
    CHECK(guard.admit(get("/?token=secret"), "203.0.113.1").principal == "alice");
    CHECK(guard.admit(get("/?token=wrong"), "203.0.113.1").error == errc::unauthorized);
    CHECK(guard.admit(get("/?token=secret"), "192.0.2.1").error == errc::forbidden);
    CHECK(
        guard.admit(get("/?token=secret", {"Origin: https://evil.example"}), "203.0.113.1").error ==
        errc::forbidden);
}

TEST_CASE("with a guard that answers later, all answer later") {
    const auto request = std::make_shared<const http::request>(get("/"));
    std::vector<std::function<void()>> answers;
    std::vector<std::string> asked;
    std::optional<verdict> result;
    const verdict_handler reply = [&](verdict v) {
        CHECK_FALSE(result);
        result = std::move(v);
    };

    SECTION("it passes when the last one passed") {
        all_of{scripted_later{pass("later"), &answers}, scripted{pass("now")},
               scripted_later{pass(), &answers}}
            .admit(request, "", reply);
        REQUIRE(answers.size() == 2);
        answers[1]();
        CHECK_FALSE(result);
        answers[0]();
        REQUIRE(result);
        CHECK_FALSE(result->error);
        CHECK(result->principal == "now");
    }
    SECTION("who knows at once is asked first, and may spare the others the question") {
        all_of{scripted_later{refusal("later"), &answers}, scripted{refusal("now"), &asked, "now"}}
            .admit(request, "", reply);
        REQUIRE(result);
        CHECK(result->reason == "now");
        CHECK(answers.empty());
    }
    SECTION("the first refusal to arrive counts, and it replies once") {
        all_of{scripted_later{refusal("one"), &answers}, scripted_later{refusal("two"), &answers},
               scripted_later{pass("three"), &answers}}
            .admit(request, "", reply);
        REQUIRE(answers.size() == 3);
        answers[2]();
        CHECK_FALSE(result);
        answers[1]();
        REQUIRE(result);
        CHECK(result->reason == "two");
        answers[0]();
        CHECK(result->reason == "two");
    }
    SECTION("who answers twice has one vote") {
        all_of{scripted_later{pass("one"), &answers}, scripted_later{pass(), &answers}}.admit(
            request, "", reply);
        REQUIRE(answers.size() == 2);
        answers[0]();
        answers[0]();
        CHECK_FALSE(result);
        answers[1]();
        REQUIRE(result);
        CHECK(result->principal == "one");
    }
}

TEST_CASE("in every order of answers, all of them decide as one after the other would") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    std::bernoulli_distribution refuses{0.2}, is_named{0.5};
    for (int round = 0; round != 200; ++round) {
        std::array<verdict, 3> says;
        for (std::size_t i = 0; i != 3; ++i) {
            const auto name = std::to_string(i);
            says[i] = refuses(random) ? refusal(name) : pass(is_named(random) ? name : "");
        }
        std::string principal;
        bool is_refused = false;
        for (const auto& each : says) {
            is_refused |= each.error == errc::forbidden;
            if (!each.principal.empty()) principal = each.principal;
        }

        std::vector<std::function<void()>> answers;
        int replies = 0;
        all_of{scripted_later{says[0], &answers}, scripted_later{says[1], &answers},
               scripted_later{says[2], &answers}}
            .admit(nullptr, "", [&](verdict v) {
                ++replies;
                REQUIRE((v.error == errc::forbidden) == is_refused);
                REQUIRE(v.principal == (is_refused ? "" : principal));
            });
        std::shuffle(answers.begin(), answers.end(), random);
        for (const auto& answer : answers) answer();
        REQUIRE(replies == 1);
    }
}

TEST_CASE("a user's own guard answers from another thread") {
    all_of guard{origin_guard{}, slow_accounts{{{"7", "alice"}}}};
    const auto ask = [&](std::string_view target) {
        std::promise<verdict> promise;
        guard.admit(std::make_shared<const http::request>(get(target)), "192.0.2.1",
                    [&](verdict v) { promise.set_value(std::move(v)); });
        return promise.get_future().get();
    };
    CHECK(ask("/?user=7").principal == "alice");
    CHECK(ask("/?user=8").reason == "no such user");
}

TEST_CASE("answers from several threads at once make one reply") {
    for (int round = 0; round != 50; ++round) {
        all_of guard{slow_accounts{{{"7", "alice"}}}, slow_accounts{{{"7", "bob"}}},
                     slow_accounts{{{"7", ""}}}};
        std::promise<verdict> promise;
        guard.admit(std::make_shared<const http::request>(get("/?user=7")), "",
                    [&](verdict v) { promise.set_value(std::move(v)); });
        REQUIRE(promise.get_future().get().principal == "bob");
    }
}
