#include <millrace/core/record.hpp>

#include <array>
#include <string>
#include <vector>

#include <millrace/core/projection.hpp>

#include "catch.hpp"

namespace {

struct bar {
    double low = 0, high = 0;
};

struct score {
    double anomaly = 0;
};

std::vector<std::string> names_of(const auto& list) {
    std::vector<std::string> names;
    list.for_each([&](const auto& field) { names.emplace_back(field.name); });
    return names;
}

using strings = std::vector<std::string>;

}  // namespace

template <>
inline constexpr auto millrace::schema<bar> = millrace::fields(millrace::field{"low", &bar::low},
                                                               millrace::field{"high", &bar::high});
template <>
inline constexpr auto millrace::schema<score> = millrace::fields(millrace::field{"anomaly",
                                                                                 &score::anomaly});

using namespace millrace;

TEST_CASE("record is flat: key, bounds, the result's fields, and how far to trust it") {
    CHECK(names_of(schema<record<std::string, bar>>) ==
          strings{"key", "start", "end", "low", "high", "change", "revision", "final", "trigger",
                  "watermark", "late"});
    CHECK(names_of(schema<record<no_key, bar>>) == strings{"start", "end", "low", "high", "change",
                                                           "revision", "final", "trigger",
                                                           "watermark", "late"});
    CHECK(names_of(schema<joined<bar, score>>) == strings{"low", "high", "anomaly"});
    CHECK(names_of(schema<record<int, joined<joined<bar, score>, named_value<"n", int>>>>) ==
          strings{"key", "start", "end", "low", "high", "anomaly", "n", "change", "revision",
                  "final", "trigger", "watermark", "late"});
    CHECK(names_of(schema<named_value<"mean", double>>) == strings{"mean"});
}

TEST_CASE("record's fields reach into its parts") {
    using row = record<std::string, joined<bar, score>>;
    row value;
    const auto& all = schema<row>;
    std::get<all.index_of("high")>(all.all).get(value) = 2.5;
    std::get<all.index_of("anomaly")>(all.all).get(value) = 3.5;
    std::get<all.index_of("end")>(all.all).get(value) = timestamp{duration{9}};
    CHECK(value.result.result.high == 2.5);
    CHECK(value.result.added.anomaly == 3.5);
    CHECK(value.window.end == timestamp{duration{9}});
}

TEST_CASE("record has the roles of key and bounds") {
    using row = record<int, bar>;
    STATIC_REQUIRE(has_role<row, field_role::key>);
    STATIC_REQUIRE_FALSE(has_role<record<no_key, bar>, field_role::key>);
    row value;
    field_of<field_role::key>(value) = 7;
    field_of<field_role::window_start>(value) = timestamp{duration{1}};
    field_of<field_role::window_end>(value) = timestamp{duration{2}};
    CHECK(value.key == 7);
    CHECK(value.window == window_bounds{timestamp{duration{1}}, timestamp{duration{2}}});
    STATIC_REQUIRE(is_record<row>);
    STATIC_REQUIRE_FALSE(is_record<bar>);
}

TEST_CASE("a key may not have the name of another field of its record") {
    using row = record<int, named_value<"key", double>>;
    CHECK_NOTHROW(detail::require_key_name<row>("id"));
    CHECK_NOTHROW(detail::require_key_name<row>("Start"));
    for (const char* name : {"key", "start", "end", "change", "revision", "final", "trigger",
                             "watermark", "late", ""}) {
        CAPTURE(name);
        CHECK_THROWS_WITH(detail::require_key_name<row>(name),
                          Catch::Contains("give it a name of its own: key_by("));
    }
    CHECK_NOTHROW(detail::require_key_name<record<int, named_value<"mean", double>>>(""));
    CHECK_NOTHROW(detail::require_key_name<record<no_key, named_value<"mean", double>>>("end"));
}

TEST_CASE("trigger has a name for each value") {
    for (const trigger each : {trigger::event, trigger::watermark, trigger::count, trigger::idle,
                               trigger::late, trigger::stop, trigger::evicted}) {
        CHECK(schema<trigger>.find(schema<trigger>.name_of(each)) == each);
        CHECK_FALSE(schema<trigger>.name_of(each).empty());
    }
}

TEST_CASE("a record of a window by count has its number, too") {
    using row = record<std::string, bar, numbered_window>;
    CHECK(names_of(schema<row>) == strings{"key", "number", "start", "end", "low", "high", "change",
                                           "revision", "final", "trigger", "watermark", "late"});
    CHECK(is_record<row>);
    row value;
    value.window = {{timestamp{duration{3}}, timestamp{duration{5}}}, 7};
    CHECK(field_of<field_role::window_number>(value) == 7);
    CHECK(field_of<field_role::window_start>(value) == timestamp{duration{3}});
    CHECK_THROWS_AS(detail::require_key_name<row>("number"), std::invalid_argument);
}

TEST_CASE("a key of several parts is a field for each, under the names of the key's name") {
    using row = record<composite_key<std::string, int>, bar>;
    using names = std::array<std::string, schema<row>.size>;
    CHECK(names_of(schema<row>) == strings{"key_1", "key_2", "start", "end", "low", "high",
                                           "change", "revision", "final", "trigger", "watermark",
                                           "late"});
    CHECK(names_with_key<row>("venue/a~1b") == names{"venue", "a/b", "start", "end", "low", "high",
                                                     "change", "revision", "final", "trigger",
                                                     "watermark", "late"});
    CHECK(names_with_key<row>("") == names{"key_1", "key_2", "start", "end", "low", "high",
                                           "change", "revision", "final", "trigger", "watermark",
                                           "late"});
    CHECK(names_with_key<record<int, named_value<"x", int>>>("a/b")[0] == "a/b");
    row value;
    value.key = composite_key<std::string, int>{{"XETR", 9}};
    CHECK(at<"key_1">(value) == "XETR");
    CHECK(at<"key_2">(value) == 9);
    CHECK_NOTHROW(detail::require_key_name<row>("venue/symbol"));
    CHECK_THROWS_WITH(
        detail::require_key_name<row>("venue/low"),
        Catch::Contains("the key is called \"low\"") && Catch::Contains("key_part{\"NAME\""));
    for (const char* name : {"venue", "venue/symbol/side", "~"})
        CHECK_THROWS_WITH(detail::require_key_name<row>(name),
                          "millrace: the key has 2 parts, and \"" + std::string{name} +
                              "\" does not name as many; their names are joined by /");
}
