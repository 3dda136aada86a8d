#include <millrace/pipeline/detail/state/kept_event.hpp>

#include <optional>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

struct leg {
    std::string_view venue;
    int size = 0;
};
struct order {
    std::string_view id;
    std::optional<std::string_view> note;
    std::vector<leg> legs;
    std::string owner;
    double price = 0;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<leg> = fields(field{"venue", &leg::venue},
                                                     field{"size", &leg::size});
template <>
inline constexpr auto millrace::schema<order> = fields(
    field{"id", &order::id}, field{"note", &order::note}, field{"legs", &order::legs},
    field{"owner", &order::owner}, field{"price", &order::price}, event_time{"time", &order::time});

namespace {

void check_alike(const order& a, const order& b) {
    CHECK(a.id == b.id);
    CHECK(a.note == b.note);
    CHECK(a.owner == b.owner);
    CHECK(a.price == b.price);
    CHECK(a.time == b.time);
    REQUIRE(a.legs.size() == b.legs.size());
    for (std::size_t i = 0; i < a.legs.size(); ++i) {
        CHECK(a.legs[i].venue == b.legs[i].venue);
        CHECK(a.legs[i].size == b.legs[i].size);
    }
}

}  // namespace

TEST_CASE("a kept event refers to nothing of the one that it was made of, nor when it is moved") {
    STATIC_REQUIRE(detail::is_kept<order>);
    const order right{"an order", "a note", {{"here", 1}, {"", 2}}, "owner", 1.5, at_ms(-7)};
    detail::kept_event<order> kept;
    {
        std::string id{right.id}, note{*right.note}, venue{right.legs[0].venue};
        order one = right;
        one.id = id;
        one.note = note;
        one.legs[0].venue = venue;
        kept = detail::kept_event<order>{one};
        id = note = venue = "overwritten";
    }
    check_alike(kept.value(), right);
    const auto moved = std::move(kept);
    check_alike(moved.value(), right);
    CHECK(moved.bytes() == sizeof moved + 18 + 2 * sizeof right.legs[0]);
    CHECK(moved.bytes() == detail::kept_event<order>::bytes_of(right));
}

TEST_CASE("a kept event is saved by its schema, and part of it is an error") {
    for (const bool has_note : {true, false}) {
        order one{"id", {}, {{"here", 1}, {"there", 2}}, "owner", 1.5, at_ms(3)};
        if (has_note) one.note = "a note";
        detail::kept_event<order> kept{one}, loaded{order{"x", "y", {{"z", 9}}, "", 0, {}}};
        output_archive out;
        out(kept);
        input_archive in{out.bytes()};
        in(loaded);
        REQUIRE(in.ok());
        CHECK(in.bytes_left() == 0);
        check_alike(loaded.value(), one);
        for (std::size_t size = 0; size < out.bytes().size(); ++size) {
            detail::kept_event<order> cut;
            input_archive part{std::string_view{out.bytes()}.substr(0, size)};
            part(cut);
            REQUIRE_FALSE(part.ok());
        }
    }
}
