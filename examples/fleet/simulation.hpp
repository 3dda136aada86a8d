#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <numbers>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "events.hpp"

/// A day of forty trucks between the depots of an island, as their positions come in: out of order,
/// and where a truck had no signal, late. The same at each run: all is drawn from one seed.
class simulation {
public:
    struct report {
        millrace::timestamp arrival;
        position at;  ///< whose texts live as long as the simulation
    };

    /// @param routes a file such as data/routes.csv
    /// @throws std::runtime_error where it is not one
    simulation(const std::string& routes, std::chrono::minutes length) : routes_{read(routes)} {
        for (int i = 1; i <= trucks; ++i)
            names_.push_back((i < 10 ? "T0" : "T") + std::to_string(i));
        for (std::size_t i = 0; i < names_.size(); ++i) drive(i, begin + length);
        std::ranges::stable_sort(reports_, {}, &report::arrival);
    }
    simulation(const simulation&) = delete;
    simulation& operator=(const simulation&) = delete;

    [[nodiscard]] const std::vector<report>& reports() const noexcept { return reports_; }

    /// 2025-06-02T04:00:00Z
    static constexpr millrace::timestamp begin{std::chrono::seconds{1'748'836'800}};

private:
    static constexpr int trucks = 40;
    static constexpr std::chrono::seconds interval{30};
    static constexpr double degree = std::numbers::pi / 180;

    struct point {
        double latitude, longitude;
    };
    struct stretch {
        std::string name, origin, destination;
        double length, speed;
        std::vector<point> path;
    };
    struct place {
        point at;
        double heading;
    };

    static std::vector<stretch> read(const std::string& file) {
        std::ifstream in{file};
        std::string line;
        std::getline(in, line);
        std::vector<stretch> all;
        while (std::getline(in, line)) {
            std::ranges::replace(line, '/', ' ');
            std::istringstream cells{line};
            stretch one{};
            std::string length, speed;
            std::getline(cells, one.name, ',');
            std::getline(cells, one.origin, ',');
            std::getline(cells, one.destination, ',');
            std::getline(cells, length, ',');
            std::getline(cells, speed, ',');
            one.length = std::stod(length);
            one.speed = std::stod(speed);
            for (point p{}; cells >> p.latitude >> p.longitude;) one.path.push_back(p);
            if (one.path.size() < 2) throw std::runtime_error{file + ": no path: " + line};
            all.push_back(std::move(one));
        }
        if (all.empty()) throw std::runtime_error{file + ": no routes"};
        return all;
    }

    // The standard's distributions differ from library to library.
    double between(double low, double high) {
        return low + (high - low) * (static_cast<double>(random_()) / 4294967296.0);
    }
    bool chance(double probability) { return between(0, 1) < probability; }
    std::chrono::milliseconds seconds_between(double low, double high) {
        return std::chrono::milliseconds{static_cast<std::int64_t>(1000 * between(low, high))};
    }
    std::chrono::milliseconds minutes_between(double low, double high) {
        return seconds_between(60 * low, 60 * high);
    }

    static double rounded(double x, double places) { return std::round(x * places) / places; }

    /// Where a truck is after a part of its way, from 0 to 1.
    static place on_way(const stretch& way, double part) {
        const auto last = static_cast<double>(way.path.size() - 1);
        const double at = std::clamp(part, 0.0, 1.0) * last;
        const auto leg = static_cast<std::size_t>(std::min(at, last - 1));
        const point a = way.path[leg], b = way.path[leg + 1];
        const double t = at - static_cast<double>(leg);
        const double north = b.latitude - a.latitude;
        const double east = (b.longitude - a.longitude) * std::cos(a.latitude * degree);
        const double heading = std::fmod(std::atan2(east, north) / degree + 360, 360);
        return {{a.latitude + t * north, a.longitude + t * (b.longitude - a.longitude)}, heading};
    }

    const stretch& way_from(const std::string& depot) {
        std::vector<const stretch*> all;
        for (const stretch& one : routes_)
            if (one.origin == depot) all.push_back(&one);
        return *all[static_cast<std::size_t>(between(0, static_cast<double>(all.size())))];
    }

    /// The whole day of one truck.
    void drive(std::size_t truck, millrace::timestamp end) {
        const stretch* way = &routes_[truck * 7 % routes_.size()];
        auto now = begin + std::chrono::seconds{truck % 30};
        place stand = berth(*way, true);
        bool is_driving = false;
        double driven = 0, haste = 1;
        std::optional<millrace::timestamp> departed;
        auto leaves = now + minutes_between(0, 70);
        std::pair jam{end, end}, hole{now + minutes_between(30, 300), now};
        hole.second = hole.first + silence();

        for (; now < end; now += interval) {
            double speed = 0;
            if (!is_driving && now >= leaves) {
                is_driving = true;
                departed = now;
                driven = 0;
                haste = between(0.88, 1.08);
                jam = {end, end};
                if (chance(0.3)) {
                    jam.first = now + minutes_between(5, 40);
                    jam.second = jam.first + minutes_between(12, 35);
                }
            }
            if (is_driving) {
                const bool is_jammed = now >= jam.first && now < jam.second;
                speed = way->speed * haste * between(0.95, 1.05) * (is_jammed ? 0.25 : 1);
                driven += speed * std::chrono::duration<double>{interval}.count() / 3600;
                stand = on_way(*way, driven / way->length);
                if (driven >= way->length) {  // and on it goes from there
                    is_driving = false;
                    departed.reset();
                    speed = driven = 0;
                    stand = berth(*way, false);
                    leaves =
                        now + (chance(0.2) ? minutes_between(80, 170) : minutes_between(15, 55));
                    way = &way_from(way->destination);
                }
            }
            if (now >= hole.second) {
                hole.first = now + minutes_between(60, 360);
                hole.second = hole.first + silence();
            }
            const bool is_silent = now >= hole.first;
            const auto delay = chance(0.08) ? seconds_between(5, 50) : seconds_between(1, 4);
            reports_.push_back({(is_silent ? hole.second : now) + delay,
                                {names_[truck], is_driving ? way->name : std::string_view{},
                                 rounded(stand.at.latitude, 1e5), rounded(stand.at.longitude, 1e5),
                                 std::round(stand.heading), rounded(speed, 10),
                                 rounded(driven, 100), departed, now}});
        }
    }

    /// How long a truck is without a signal; now and then for so long that it matters no more.
    std::chrono::milliseconds silence() {
        return chance(0.1) ? minutes_between(35, 60) : minutes_between(3, 14);
    }

    /// Somewhere within a kilometre of either end.
    place berth(const stretch& way, bool is_origin) {
        const point at = is_origin ? way.path.front() : way.path.back();
        const double angle = between(0, 360), away = between(0.1, 1) / 111.2;
        return {{at.latitude + away * std::cos(angle * degree),
                 at.longitude + away * std::sin(angle * degree) / std::cos(at.latitude * degree)},
                std::round(angle)};
    }

    std::mt19937 random_{20250602};
    std::vector<stretch> routes_;
    std::deque<std::string> names_;
    std::vector<report> reports_;
};
