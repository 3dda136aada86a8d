// A fleet of trucks, live: positions come in, and what a dispatcher wants to know goes out.
//
//     ws://localhost:8080/positions    takes positions (see events.hpp)
//     ws://localhost:8080/routes       takes routes, which replace those of data/routes.csv
//     ws://localhost:8080/trucks       where each truck is, and when it arrives
//     ws://localhost:8080/crossings    who enters or leaves a depot
//     ws://localhost:8080/stays        how long each stay at a depot lasts
//     ws://localhost:8080/hourly       how many trucks each depot sees in an hour
//     http://localhost:8080/           the page, and /api/topics/NAME what is kept

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include <millrace/millrace.hpp>

#include "arguments.hpp"
#include "events.hpp"
#include "geofence.hpp"
#include "newest.hpp"

namespace mr = millrace;
using namespace std::chrono_literals;

constexpr mr::duration patience = 30min;  // so late a position still corrects what was said
constexpr std::size_t most_held = 4'096;  // positions of a truck, for as long

using minutes = std::chrono::duration<double, std::ratio<60>>;

/// What a position means; without a route in the table, no more than where the truck is.
sighting sight(const position& p, std::string depot, const route* way) {
    // clang-format off
    sighting seen{std::string{p.truck}, std::string{p.route}, std::move(depot),
                  p.latitude, p.longitude, p.heading, p.speed, p.time};
    // clang-format on
    if (way == nullptr || !(way->speed > 0) || !p.departed) return seen;
    seen.destination = way->destination;
    seen.left = std::max(0.0, way->length - p.driven);
    const minutes to_go{std::min(60 * *seen.left / way->speed, 1e6)};
    seen.arrival = mr::saturated_add(p.time, std::chrono::duration_cast<mr::duration>(to_go));
    seen.delay = (minutes{p.time.time_since_epoch()} - minutes{p.departed->time_since_epoch()} +
                  to_go - minutes{60 * way->length / way->speed})
                     .count();
    return seen;
}

/// Minutes from the first position to the last.
struct dwell {
    static constexpr mr::fixed_string name = "minutes";
    void update(const sighting& s) { merge({s.time, s.time}); }
    void merge(const dwell& other) {
        first = std::min(first, other.first);
        last = std::max(last, other.last);
    }
    [[nodiscard]] double result() const { return minutes{last - first}.count(); }
    template <class Archive>
    void archive(Archive& ar) {
        ar(first, last);
    }
    mr::timestamp first = mr::timestamp::max(), last = mr::timestamp::min();
};

/// At which depot a truck was, as far back as a late position may come.
struct track {
    std::map<mr::timestamp, std::string> depots;
    std::uint64_t said = 0;
    template <class Archive>
    void archive(Archive& ar) {
        ar(depots, said);
    }
};

/// Puts a sighting in its place on the track, and says what it changes there.
constexpr auto follow = [](auto& ctx, const sighting& s) {
    const mr::timestamp oldest = mr::saturated_add(ctx.watermark(), -patience);
    if (s.time < oldest) return;
    auto& [past, said] = ctx.state();
    const auto [here, is_new] = past.try_emplace(s.time, s.depot);
    if (!is_new) return;
    const auto next = std::next(here);
    const std::string before = here == past.begin() ? "" : std::prev(here)->second;
    const auto tell = [&, &said = said](const auto& from, const auto& to, mr::timestamp at,
                                        bool withdrawn) {
        if (from != to && !from.empty()) ctx.emit({s.truck, from, false, withdrawn, at, said++});
        if (from != to && !to.empty()) ctx.emit({s.truck, to, true, withdrawn, at, said++});
    };
    const bool is_between = next != past.end() && before != s.depot;
    if (is_between) tell(before, next->second, next->first, true);
    tell(before, s.depot, s.time, false);
    if (is_between) tell(s.depot, next->second, next->first, false);
    const auto kept = past.lower_bound(oldest);
    if (kept != past.begin()) past.erase(past.begin(), std::prev(kept));
    if (past.size() > most_held) past.erase(past.begin());
};

int main(int argc, char** argv) try {
    const arguments options{argc, argv, {{"port", "8080"}, {"files", FLEET_DIRECTORY}}};
    const std::string data = options.text("files") + "/data";
    const geofence fence{data + "/depots.json"};
    const mr::loaded_from table{data + "/routes.csv"};
    const auto at_depot = [](const sighting& s) { return !s.depot.empty(); };

    // clang-format off
    auto crossings = mr::key_by("truck", &sighting::truck)
                   | mr::process_with_state<track, crossing>(follow)
                   | mr::key_by("truck", &crossing::truck)
                   | mr::process<newest<crossing, false>, mr::memory_storage>()
                   | mr::publish("crossings");

    auto stays = mr::filter(at_depot) | mr::key_by(&sighting::depot, mr::key_part{"truck", &sighting::truck})
               | mr::window(mr::session{10min}, mr::lateness{patience}, mr::drop_late)
               | mr::process<dwell, mr::memory_storage>()
               | mr::publish("stays");

    auto hourly = mr::filter(at_depot) | mr::key_by(&sighting::depot)
                | mr::window(mr::tumbling{1h}, mr::lateness{patience}, mr::early{mr::every{500ms}}, mr::drop_late)
                | mr::process<mr::count_distinct<&sighting::truck>, mr::memory_storage>()
                | mr::publish("hourly");

    auto fleet = mr::lookup_join(mr::from<position>("positions", mr::disorder{1min}, mr::any_time, mr::max_step{1h}) | mr::key_by(&position::route),
                                 mr::from<route>("routes") | mr::key_by(&route::name), table,
                                 [fence](const position& p, const route* way) { return sight(p, fence.depot_at(p.latitude, p.longitude), way); })
               | mr::tee(std::move(crossings)) | mr::tee(std::move(stays)) | mr::tee(std::move(hourly))
               | mr::key_by("truck", &sighting::truck)
               | mr::window(mr::global{}, mr::early{mr::events{1}})
               | mr::process<newest<sighting, true>, mr::memory_storage>()
               | mr::publish("trucks");
    // clang-format on

    mr::endpoint<mr::tcp> server{
        {.port = options.number<std::uint16_t>("port"), .outbox_bytes = 8 * 1024 * 1024}};
    server.serve(std::move(fleet));
    server.files("/", options.text("files") + "/web");
    server.files("/data/", data);
    std::cout << "http://localhost:" << server.port() << std::endl;
    server.run();
} catch (const std::exception& error) {
    std::cerr << "fleet_server: " << error.what() << '\n';
    return 1;
}
