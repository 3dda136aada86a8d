// A day of a cold store, recorded and then replayed from the file: the same windows and alarms, in
// a moment. Usage: replay_day [FOLDER], where the journal stays.
#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/millrace.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct reading {
    std::string_view room;
    double celsius;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<reading> = mr::fields(mr::field{"room", &reading::room},
                                                       mr::field{"celsius", &reading::celsius},
                                                       mr::event_time{"time", &reading::time});

auto cold_store() {
    return mr::from<reading>("readings", mr::disorder{1min}) | mr::key_by(&reading::room) |
           mr::window(mr::tumbling{10min}, mr::drop_late) |
           mr::process<mr::mean<&reading::celsius>>() |
           mr::detect<mr::ewma_zscore<mr::at<"mean">>>();
}
using scored_mean = decltype(cold_store())::output_stream::event_type;

/// What came out, to the last byte.
struct output {
    std::string lines;
    int means = 0, alarms = 0;
    double highest = 0;
    std::string worst{};  ///< of the means, with its score
    mr::json_encoder<scored_mean> encoder{"room"};

    void add(const scored_mean& one) {
        const std::size_t begin = lines.size();
        encoder.encode(one, lines);
        ++means;
        if (mr::at<"anomaly">(one)) ++alarms;
        if (mr::at<"score">(one) <= highest) return;
        highest = mr::at<"score">(one);
        worst = lines.substr(begin);
    }
};

/// In the order in which they come: of each room every four seconds, up to a minute old, a few
/// older. From three to four in the afternoon the fish is not cooled.
std::vector<reading> readings_of_a_day() {
    const mr::timestamp midnight = std::chrono::sys_days{2025y / 3 / 3};
    std::mt19937 random{1};
    std::vector<reading> all;
    for (auto now = 0s; now < 24h; now += 4s) {
        for (const std::string_view room : {"fish", "dairy", "meat", "ice", "fruit", "flowers"}) {
            const int celsius = room == "fish" && now / 1h == 15 ? 9 : 3;
            const double noise = static_cast<double>(random() % 1000) / 1000;
            const unsigned oldest = random() % 1000 == 0 ? 1200 : 60;
            const std::chrono::seconds age{random() % oldest};
            all.push_back({room, celsius + noise, midnight + now - age});
        }
    }
    return all;
}

int main(int argc, char** argv) try {
    const std::filesystem::path folder =
        argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
    const auto file = folder / ("day-" + std::to_string(::getpid()) + ".journal");

    output then, again;
    auto running = mr::start(
        cold_store(), [&](const auto& row) { then.add(row); }, mr::record_to(file));
    for (const reading& one : readings_of_a_day()) running.push(one);
    if (const auto error = running.finish()) throw std::system_error{error};
    if (const auto error = running.recording_error()) throw std::system_error{error};
    std::cout << running.events() << " readings of a day gave " << then.means << " means and "
              << then.alarms << " alarms, the loudest " << then.worst << '\n';

    const auto begin = std::chrono::steady_clock::now();
    auto day = mr::replay(file, cold_store(), [&](const auto& row) { again.add(row); });
    if (const auto error = day.run()) throw std::system_error{error};
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    if (argc == 1) std::filesystem::remove(file);

    const bool is_same = day.pipeline().events() == running.events() && again.lines == then.lines;
    std::cout << day.pipeline().events() << " came back in " << spent.count() << " s and gave "
              << (is_same ? "the same" : "something else") << '\n';
    return is_same ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << "replay_day: " << error.what() << '\n';
    return 1;
}
