// A storage of one's own: every record becomes a line of a text file, and can be read back.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include <millrace/millrace.hpp>

using namespace millrace;
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
        if (!file_) throw std::system_error{errc::storage_failed, path_};
    }

    std::error_code append(const Record& row) {
        line_.clear();
        encoder_.encode(row, line_);
        file_ << line_ << '\n';
        if (!file_) return errc::storage_failed;
        rows_.push_back(row);
        ++stats_.appended;
        return {};
    }

    template <class F>
    std::error_code scan(const storage_query& query, F&& f) const {
        for (const Record& row : rows_) {
            if (query.key && row.key != *query.key) continue;
            if (query.from <= row.window.start && row.window.start < query.to) f(row);
        }
        return {};
    }

    std::error_code flush() {
        file_.flush();
        return file_ ? std::error_code{} : errc::storage_failed;
    }

    storage_stats stats() const { return stats_; }

private:
    std::string path_, line_;
    std::ofstream file_;
    json_encoder<Record> encoder_;
    std::vector<Record> rows_;  // a real storage would bound this
    storage_stats stats_;
};

struct delivery {
    std::string_view truck;
    double pallets;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<delivery> = fields(field{"truck", &delivery::truck},
                                                          field{"pallets", &delivery::pallets},
                                                          event_time{"time", &delivery::time});

using truck_load = record<std::string, result_of<sum<&delivery::pallets>>>;
static_assert(storage<lines_storage<truck_load>, truck_load>);

int main() {
    std::remove("loads.ndjson");
    auto loads = start(
        from<delivery>("deliveries") | key_by(&delivery::truck) | window(tumbling{24h}, drop_late) |
        process<sum<&delivery::pallets>, lines_storage>({.directory = "."}) | publish("loads"));
    loads.push({"north", 12, timestamp{1h}});
    loads.push({"south", 7, timestamp{2h}});
    loads.push({"north", 3, timestamp{3h}});
    loads.finish();

    std::ifstream file{"loads.ndjson"};
    std::cout << file.rdbuf();
}
