#pragma once

#include <cmath>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/codec/json_decoder.hpp>
#include <millrace/core/schema.hpp>

/// A place with a fence around it.
struct depot {
    std::string name;
    double latitude, longitude;
    double radius;  ///< km
};

template <>
inline constexpr auto millrace::schema<depot> = millrace::fields(
    millrace::field{"depot", &depot::name}, millrace::field{"latitude", &depot::latitude},
    millrace::field{"longitude", &depot::longitude}, millrace::field{"radius", &depot::radius});

/// The depots of a JSON file, whose fences must not overlap.
class geofence {
public:
    /// @throws std::runtime_error where it is not such a file
    explicit geofence(const std::string& file) {
        std::ifstream in{file};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        bool is_good = in.good() || in.eof();
        millrace::json_decoder<depot>{}.decode(
            std::span{text.data(), text.size()}, [&](const depot& one) { depots_.push_back(one); },
            [&](const millrace::input_error&) { is_good = false; });
        if (!is_good || depots_.empty()) throw std::runtime_error{file + ": no depots"};
    }

    /// The depot in whose fence a place lies; empty of none.
    [[nodiscard]] std::string depot_at(double latitude, double longitude) const {
        for (const depot& one : depots_)
            if (distance(one, latitude, longitude) <= one.radius) return one.name;
        return {};
    }

private:
    /// In km, by the haversine formula.
    [[nodiscard]] static double distance(const depot& from, double latitude, double longitude) {
        constexpr double degree = 0.017453292519943295, earth = 6371;
        const double north = std::sin((latitude - from.latitude) * degree / 2);
        const double east = std::sin((longitude - from.longitude) * degree / 2);
        const double narrowing = std::cos(from.latitude * degree) * std::cos(latitude * degree);
        return 2 * earth * std::asin(std::sqrt(north * north + narrowing * east * east));
    }

    std::vector<depot> depots_;
};
