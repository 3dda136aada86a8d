// A storage of one's own: every record becomes a line of a text file, and can be read back.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include <millrace/millrace.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct lines_options {
    std::string directory = ".";
};

template <class Record>
class lines_storage {
public:
    using options = lines_options;

    lines_storage(options settings, std::string_view topic, std::string_view key_name)
        : path_{settings.directory + "/" + std::string{topic} + ".ndjson"},
          file_{path_, std::ios::app},
          encoder_{key_name} {
        if (!file_) throw std::system_error{mr::errc::storage_failed, path_};
    }

    std::error_code append(const Record& row) {
        line_.clear();
        encoder_.encode(row, line_);
        file_ << line_ << '\n';
        if (!file_) return mr::errc::storage_failed;
        rows_.push_back(row);
        ++stats_.appended;
        return {};
    }

    template <class F>
    std::error_code scan(const mr::storage_query& query, F&& f) const {
        for (const Record& row : rows_) {
            if (query.key && row.key != *query.key) continue;
            if (query.from <= row.window.start && row.window.start < query.to) f(row);
        }
        return {};
    }

    std::error_code flush() {
        file_.flush();
        return file_ ? std::error_code{} : mr::errc::storage_failed;
    }

    mr::storage_stats stats() const { return stats_; }

private:
    std::string path_, line_;
    std::ofstream file_;
    mr::json_encoder<Record> encoder_;
    std::vector<Record> rows_;  // a real storage would bound this
    mr::storage_stats stats_;
};

struct delivery {
    std::string_view truck;
    double pallets;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<delivery> = mr::fields(mr::field{"truck", &delivery::truck},
                                                        mr::field{"pallets", &delivery::pallets},
                                                        mr::event_time{"time", &delivery::time});

using truck_load = mr::record<std::string, mr::result_of<mr::sum<&delivery::pallets>>>;
static_assert(mr::storage<lines_storage<truck_load>, truck_load>);

int main() {
    std::remove("loads.ndjson");
    auto loads =
        mr::start(mr::from<delivery>("deliveries") | mr::key_by(&delivery::truck) |
                  mr::window(mr::tumbling{24h}, mr::drop_late) |
                  mr::process<mr::sum<&delivery::pallets>, lines_storage>({.directory = "."}) |
                  mr::publish("loads"));
    loads.push({"north", 12, mr::timestamp{1h}});
    loads.push({"south", 7, mr::timestamp{2h}});
    loads.push({"north", 3, mr::timestamp{3h}});
    loads.finish();

    std::ifstream file{"loads.ndjson"};
    std::cout << file.rdbuf();
}
