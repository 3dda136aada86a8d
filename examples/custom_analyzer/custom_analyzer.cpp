// An analyzer of one's own: the longest run of rising values, beside two that come with millrace.
#include <algorithm>
#include <iostream>

#include <millrace/millrace.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct pulse {
    std::string_view patient;
    int beats_per_minute;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<pulse> = mr::fields(mr::field{"patient", &pulse::patient},
                                                     mr::field{"bpm", &pulse::beats_per_minute},
                                                     mr::event_time{"time", &pulse::time});

struct longest_rise {
    static constexpr mr::fixed_string name = "longest_rise";

    void update(const pulse& p) {
        run_ = p.beats_per_minute > last_ ? run_ + 1 : 1;
        longest_ = std::max(longest_, run_);
        last_ = p.beats_per_minute;
    }
    int result() const { return longest_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar(last_, run_, longest_);
    }

    int last_ = 0, run_ = 0, longest_ = 0;
};
static_assert(mr::analyzer<longest_rise, pulse>);

int main() {
    auto ward = mr::from<pulse>("pulses") | mr::key_by(&pulse::patient) |
                mr::window(mr::tumbling{1min}, mr::drop_late) |
                mr::process<mr::summary<mr::mean<&pulse::beats_per_minute>,
                                        mr::max<&pulse::beats_per_minute>, longest_rise>>();

    const mr::json_encoder<decltype(ward)::output_stream::event_type> encode{"patient"};
    auto running = mr::start(ward, [&](const auto& row) {
        std::string line;
        encode.encode(row, line);
        std::cout << line << '\n';
    });
    int second = 0;
    for (const int bpm : {61, 60, 62, 65, 71, 70, 69}) {
        running.push({"ann", bpm, mr::timestamp{std::chrono::seconds{second++}}});
    }
    running.finish();
}
