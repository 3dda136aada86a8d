#include <millrace/core/node.hpp>

#include <string>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

struct noting_node : end_node {
    std::string* notes;

    explicit noting_node(std::string& to) : notes{&to} {}

    void push(int, event_stamp at) { note("push", at.time); }
    void preview(int, event_stamp at) { note("preview", at.time); }
    void watermark(timestamp to, trigger) { note("watermark", to); }
    void key_watermark(int, timestamp to, trigger) { note("key_watermark", to); }
    void idle() { *notes += "idle "; }
    void key_idle(int) { *notes += "key_idle "; }
    std::error_code finish() {
        *notes += "finish ";
        return errc::storage_full;
    }
    bool resume() { return false; }
    [[nodiscard]] bool has_room() const { return false; }
    void flush() { *notes += "flush "; }
    void collect(int& stats) const { ++stats; }
    template <class Archive>
    void archive(Archive&) {
        *notes += "archive ";
    }

private:
    void note(const char* what, timestamp at) {
        *notes += what + std::to_string(at.time_since_epoch().count()) + " ";
    }
};

}  // namespace

TEST_CASE("a forwarding node passes on all that it is told") {
    std::string notes;
    forwarding_node<noting_node> node{noting_node{notes}};
    const timestamp at{duration{7}};
    node.push(1, {at, {}});
    node.preview(1, {at, {}});
    node.watermark(at, trigger::watermark);
    node.key_watermark(1, at, trigger::watermark);
    node.idle();
    node.key_idle(1);
    node.flush();
    CHECK(node.finish() == errc::storage_full);
    CHECK_FALSE(node.resume());
    CHECK_FALSE(node.has_room());
    int stats = 0;
    node.collect(stats);
    CHECK(stats == 1);
    static_cast<void>(save(node));
    CHECK(notes == "push7 preview7 watermark7 key_watermark7 idle key_idle flush finish archive ");
}

TEST_CASE("at the end everything has been done") {
    end_node end;
    end.push(1, {});
    CHECK_FALSE(end.finish());
    CHECK(end.resume());
    CHECK(end.has_room());
}
