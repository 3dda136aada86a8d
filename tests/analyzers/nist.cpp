#include <cmath>
#include <fstream>
#include <string>

#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/stddev.hpp>
#include "streams.hpp"

#ifndef MILLRACE_TEST_DATA
#define MILLRACE_TEST_DATA "tests/data"
#endif

// NIST's Statistical Reference Datasets: see data/nist/README.md. The digits asked for in Mavro,
// Michelso, NumAcc3 and NumAcc4 are all that there are: rounding the decimal input to double moves
// the exact standard deviation by as much (13.12, 13.84, 9.457 and 8.253 digits). Welford's update
// without the shift has 12.1 digits of Mavro.

namespace {

struct dataset {
    double mean = 0;
    double stddev = 0;
    std::size_t count = 0;
    std::vector<double> numbers;
};

double after_colon(const std::string& line) { return std::stod(line.substr(line.rfind(':') + 1)); }

dataset read_dataset(const std::string& file) {
    std::ifstream in{MILLRACE_TEST_DATA "/nist/" + file};
    REQUIRE(in);
    dataset data;
    std::string line;
    while (std::getline(in, line) && line.rfind("Data: Y", 0) != 0) {
        if (line.rfind("Sample Mean", 0) == 0) data.mean = after_colon(line);
        if (line.rfind("Sample Standard Deviation", 0) == 0) data.stddev = after_colon(line);
        if (line.rfind("Number of Observations", 0) == 0) {
            data.count = static_cast<std::size_t>(after_colon(line));
        }
    }
    std::getline(in, line);
    for (double number = 0; in >> number;) data.numbers.push_back(number);
    return data;
}

/// The number of correct digits; the certified values have 15.
double correct_digits(double computed, double certified) {
    if (computed == certified) return 15;
    return std::min(15.0, -std::log10(std::abs(computed - certified) / std::abs(certified)));
}

struct numbers_itself {
    constexpr double operator()(double number) const { return number; }
};

using mean = millrace::mean<numbers_itself{}>;
using stddev = millrace::stddev<numbers_itself{}>;

struct expectation {
    const char* file;
    double mean_digits;
    double stddev_digits;
};

}  // namespace

TEST_CASE("NIST's certified values, in one pass and in merge trees of any shape") {
    const auto expected =
        GENERATE(expectation{"Lew.dat", 15, 14.5}, expectation{"Lottery.dat", 15, 14.5},
                 expectation{"Mavro.dat", 15, 13.1}, expectation{"Michelso.dat", 15, 13.8},
                 expectation{"NumAcc1.dat", 15, 15}, expectation{"NumAcc2.dat", 15, 15},
                 expectation{"NumAcc3.dat", 15, 9.45}, expectation{"NumAcc4.dat", 15, 8.25},
                 expectation{"PiDigits.txt", 15, 14.5});
    INFO(expected.file);
    const dataset data = read_dataset(expected.file);
    REQUIRE(data.numbers.size() == (data.count != 0 ? data.count : 5000));

    double mean_digits = correct_digits(fed<mean>(data.numbers).result(), data.mean);
    double stddev_digits = correct_digits(fed<stddev>(data.numbers).result(), data.stddev);
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        random_source random{seed};
        mean_digits = std::min(
            mean_digits,
            correct_digits(fed_by_merge_tree<mean>(data.numbers, random).result(), data.mean));
        stddev_digits = std::min(
            stddev_digits,
            correct_digits(fed_by_merge_tree<stddev>(data.numbers, random).result(), data.stddev));
    }
    CHECK(mean_digits >= expected.mean_digits);
    CHECK(stddev_digits >= expected.stddev_digits);
}
