#include <millrace/pipeline/step.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using by_symbol = decltype(key_by(&trade::symbol));
using by_second = decltype(window(tumbling{1s}, drop_late));
using keyed = detail::stream<trade, by_symbol>;

template <class Stage, class Stream>
using after = typename detail::step<Stage, Stream>::output;

}  // namespace

TEST_CASE("a filter keeps the key, a map loses it") {
    auto keep = filter([](const trade&) { return true; });
    auto price = map([](const trade& t) { return t.price; });
    STATIC_REQUIRE(std::same_as<after<decltype(keep), keyed>, keyed>);
    STATIC_REQUIRE(std::same_as<after<decltype(price), keyed>, detail::stream<double>>);
}

TEST_CASE("key and window are carried to the process, whose records keep the key's name") {
    const detail::stream<trade> in;
    const auto with_key =
        detail::step<by_symbol, detail::stream<trade>>::apply(key_by(&trade::symbol), in);
    const auto with_window =
        detail::step<by_second, keyed>::apply(window(tumbling{1s}, drop_late), with_key);
    CHECK(with_window.key.name == "symbol");
    CHECK(with_window.windowing.window.size() == 1s);

    using windowed = std::remove_const_t<decltype(with_window)>;
    const auto counted =
        detail::step<decltype(process<count>()), windowed>::apply(process<count>(), with_window);
    CHECK(counted.key.name == "symbol");
    record<std::string, result_of<count>> row;
    row.key = "A";
    CHECK(project(counted.key.projection, row) == "A");
}

TEST_CASE("nothing comes behind a tee") {
    using branches = decltype(tee(publish("a"), publish("b")));
    STATIC_REQUIRE(std::same_as<after<branches, keyed>, detail::ended>);
}
