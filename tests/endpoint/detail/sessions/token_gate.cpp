#include <millrace/endpoint/detail/sessions/token_gate.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/endpoint/guards/address_guard.hpp>
#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/any_of.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/detail/base64url.hpp>
#include <millrace/endpoint/guards/jwt_guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "../../note.hpp"
#include "../../running.hpp"
#include "../../server.hpp"

using namespace millrace;
using detail::parse_token_message;

namespace {

bearer_guard ann_and_bob() { return {{{"a-token", "ann"}, {"b-token", "bob"}}}; }

bool only_ann(endpoint_action, std::string_view, const auto&, std::string_view principal) {
    return principal == "ann";
}

template <class Guard>
struct guarded {
    guarded(Guard who, endpoint_options options) : endpoint{io, std::move(options), wire, who} {
        endpoint.serve(from<note>("notes") | publish("repeated"), {.duplex_path = "/ws"});
    }
    void advance(std::chrono::nanoseconds by) {
        endpoint.clock().advance(by);
        endpoint.tick();
    }

    asio::io_context io;
    memory wire;
    millrace::endpoint<memory, Guard, prometheus_metrics, manual_clock> endpoint;
};

endpoint_options with_gate() {
    return {.may = only_ann<std::optional<std::string>>, .takes_token_messages = true};
}

constexpr std::string_view event = R"({"text":"x"})";

}  // namespace

TEST_CASE("a first message holds a token and nothing else") {
    CHECK(parse_token_message(R"({"token":"abc.d-e_f~+/="})") == "abc.d-e_f~+/=");
    CHECK(parse_token_message(R"( { "token" : "\u0061" } )") == "a");
    for (const std::string_view wrong :
         {"", "a-token", R"("a-token")", "{}", R"({"token":7})", R"({"token":""})",
          R"({"token":null})", R"({"Token":"a"})", R"({"token":"a","token":"b"})",
          R"({"token":"a","key":"w2"})", R"({"token":["a"]})", R"({"token":{"token":"a"}})",
          R"([{"token":"a"}])", R"({"token":"a"}{"token":"a"})", R"({"token":"a b"})",
          R"({"token":"a\r\nX: y"})", R"({"token":"\u0000"})", R"({"token":"ü"})",
          R"({"token":"a")"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_token_message(wrong));
    }
}

TEST_CASE("until its token is shown, nothing reaches a connection, nor is anything taken from it") {
    guarded s{ann_and_bob(), with_gate()};
    memory_client known{s.io, s.wire}, late{s.io, s.wire}, eager{s.io, s.wire};
    REQUIRE(known.upgrade("/ws?token=a-token"));
    REQUIRE(late.upgrade("/ws"));
    known.send_text(event);
    REQUIRE(known.next_text() == event);
    REQUIRE(!late.next());
    REQUIRE(s.endpoint.snapshot().topics[0].subscribers == 1);
    late.send_text(R"({"token":"a-token"})");
    REQUIRE(!late.next());
    REQUIRE(s.endpoint.snapshot().topics[0].subscribers == 2);
    late.send_text(event);
    REQUIRE(late.next_text() == event);
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 2);
    // after the gate the usual limits hold, and a token is a message as any other
    late.send_text("\"" + std::string(20'000, ' ') + "\"");
    REQUIRE(late.next_text().starts_with(R"({"error":)"));

    REQUIRE(eager.upgrade("/ws"));
    eager.send_text(event);
    REQUIRE(code_of_close(eager) == close_code::policy_violation);
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 2);
}

TEST_CASE("who shows a wrong token, or may not, is closed with the reason") {
    struct shown {
        const char* text;
        const char* reason;
    };
    const auto [text, reason] =
        GENERATE(shown{R"({"token":"wrong"})", "unknown token"},
                 shown{R"({"token":"b-token"})", "may not send"},
                 shown{"{}", R"(the first message must be {"token":"..."})"});
    std::string told;
    auto options = with_gate();
    options.log = [&](const log_entry& entry) { told += entry.message; };
    guarded s{ann_and_bob(), options};
    memory_client client{s.io, s.wire};
    REQUIRE(client.upgrade("/ws"));
    client.send_text(text);
    const auto last = client.next();
    REQUIRE((last && last->op == opcode::close && last->code == close_code::policy_violation));
    REQUIRE(last->payload == reason);
    REQUIRE(s.endpoint.snapshot().topics[0].subscribers == 0);
    REQUIRE(told.find("-token") == std::string::npos);
}

TEST_CASE("the time for a token and its size have limits") {
    auto options = with_gate();
    options.handshake_timeout = 5s;
    options.max_head_bytes = 1024;
    guarded s{ann_and_bob(), options};
    memory_client silent{s.io, s.wire}, fat{s.io, s.wire}, binary{s.io, s.wire};
    REQUIRE(silent.upgrade("/ws"));
    REQUIRE(fat.upgrade("/ws"));
    REQUIRE(binary.upgrade("/ws"));
    fat.send_raw(std::string("\x81\xfe\x04\x01\0\0\0\0", 8));  // declares 1,025 bytes
    REQUIRE(code_of_close(fat) == close_code::message_too_big);
    binary.send_binary(R"({"token":"a-token"})");
    REQUIRE(code_of_close(binary) == close_code::policy_violation);
    fat.close();
    binary.close();
    s.advance(4s);
    REQUIRE(!silent.next());
    s.advance(2s);
    REQUIRE(code_of_close(silent) == close_code::policy_violation);
    REQUIRE(s.endpoint.snapshot().counters.timeouts == 1);
    s.advance(60s);
    REQUIRE(silent.is_ended());
}

TEST_CASE("only who shows no token, and is refused for that, gets in without one") {
    guarded s{all_of{origin_guard{}, ann_and_bob()}, with_gate()};
    memory_client wrong{s.io, s.wire}, empty{s.io, s.wire}, foreign{s.io, s.wire},
        nowhere{s.io, s.wire}, plain{s.io, s.wire};
    REQUIRE(!wrong.upgrade("/ws?token=wrong"));
    REQUIRE(!empty.upgrade("/ws?token="));
    REQUIRE(!foreign.upgrade("/ws", "Origin: http://evil.example\r\n"));
    REQUIRE(!nowhere.upgrade("/nothing"));
    REQUIRE(nowhere.take_raw().starts_with("HTTP/1.1 401"));
    REQUIRE(plain.get("/api/topics").starts_with("HTTP/1.1 401"));

    guarded shut{ann_and_bob(), {}};
    memory_client refused{shut.io, shut.wire};
    REQUIRE(!refused.upgrade("/ws"));
}

TEST_CASE("where an address alone would do, too, a token may still be shown") {
    const address_guard inside{{.allow = {"10.0.0.0/8"}}};
    const auto show = [](auto guard) {
        guarded s{std::move(guard), with_gate()};
        memory_client late{s.io, s.wire, {.remote_address = "192.0.2.1"}};
        REQUIRE(late.upgrade("/ws"));
        late.send_text(R"({"token":"a-token"})");
        late.send_text(event);
        REQUIRE(late.next_text() == event);
    };
    show(any_of{inside, ann_and_bob()});
    show(any_of{ann_and_bob(), inside});
}

TEST_CASE("a guard that answers later is waited for, and what came meanwhile is kept") {
    struct later {
        std::vector<std::pair<std::string, verdict_handler>>* waiting;
        void admit(const std::shared_ptr<const http::request>& request, const std::string&,
                   verdict_handler reply) {
            if (const auto token = bearer_token(*request))
                waiting->emplace_back(*token, std::move(reply));
            else
                reply(errc::unauthorized);
        }
    };
    std::vector<std::pair<std::string, verdict_handler>> waiting;
    guarded s{later{&waiting}, with_gate()};
    memory_client client{s.io, s.wire}, gone{s.io, s.wire};
    REQUIRE(client.upgrade("/ws"));
    REQUIRE(gone.upgrade("/ws"));
    for (auto* each : {&client, &gone}) {
        each->send_text(R"({"token":"t"})");
        each->send_text(event);
    }
    REQUIRE((waiting.size() == 2 && waiting[0].first == "t"));
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 0);
    gone.close();
    for (auto& [token, reply] : waiting) reply(verdict::pass("ann"));
    REQUIRE(client.next_text() == event);
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 1);
}

TEST_CASE("a JSON Web Token may come in the first message, too") {
    // RFC 7515, appendix A.1; it expired in 2011.
    const std::string token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj"
        "Xk";
    const jwt_settings settings{
        .keys = {{jwt_algorithm::hs256, detail::decode_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMko"
                                                                 "qQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
                                                                 "PS4hcgUuTwjAzZr1Z9CAow")
                                            .value()}}};
    manual_clock time;
    guarded s{basic_jwt_guard<manual_clock>{settings, time}, {.takes_token_messages = true}};
    memory_client right{s.io, s.wire}, wrong{s.io, s.wire};
    REQUIRE(right.upgrade("/ws"));
    right.send_text(R"({"token":")" + token + "\"}");
    right.send_text(event);
    REQUIRE(right.next_text() == event);
    REQUIRE(wrong.upgrade("/ws"));
    wrong.send_text(R"({"token":")" + token.substr(1) + "\"}");
    REQUIRE(code_of_close(wrong) == close_code::policy_violation);
}

TEST_CASE("tokens are shown in every loop") {
    endpoint<tcp, bearer_guard> server{
        {.port = 0, .address = "127.0.0.1", .loops = 2, .takes_token_messages = true},
        {},
        ann_and_bob()};
    server.serve(from<note>("notes") | publish("repeated"), {.duplex_path = "/ws"});
    const running runs{server};
    testing::websocket_client one{"127.0.0.1", server.port(), "/ws"};
    testing::websocket_client two{"127.0.0.1", server.port(), "/ws"};
    for (auto* each : {&one, &two}) {
        each->send_text(R"({"token":"a-token"})");
        each->send_text(event);
        const auto got = each->receive();
        REQUIRE((got && got->payload == event));
    }
}
