// An analyzer of one's own: the longest run of rising values, beside two that come with millrace.
#include <algorithm>
#include <iostream>

#include <millrace/millrace.hpp>

using namespace millrace;
using namespace std::chrono_literals;

struct pulse {
    std::string_view patient;
    int beats_per_minute;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<pulse> = fields(field{"patient", &pulse::patient},
                                                       field{"bpm", &pulse::beats_per_minute},
                                                       event_time{"time", &pulse::time});

struct longest_rise {
    static constexpr fixed_string name = "longest_rise";

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
static_assert(analyzer<longest_rise, pulse>);

int main() {
    auto ward =
        from<pulse>("pulses") | key_by(&pulse::patient) | window(tumbling{1min}, drop_late) |
        process<
            summary<mean<&pulse::beats_per_minute>, max<&pulse::beats_per_minute>, longest_rise>>();

    const json_encoder<decltype(ward)::output_stream::event_type> encode{"patient"};
    auto running = start(ward, [&](const auto& row) {
        std::string line;
        encode.encode(row, line);
        std::cout << line << '\n';
    });
    int second = 0;
    for (const int bpm : {61, 60, 62, 65, 71, 70, 69}) {
        running.push({"ann", bpm, timestamp{std::chrono::seconds{second++}}});
    }
    running.finish();
}
