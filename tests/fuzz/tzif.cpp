// A time zone file, and when its clocks first show what they show each half year.

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <millrace/core/detail/tzif.hpp>

#include "fuzz.hpp"

using namespace millrace;
using detail::offset_table, detail::tzif_reader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // In memory that ends where the bytes do, so that a sanitizer sees a look beyond.
    const std::vector<char> exact(data, data + size);
    try {
        const offset_table table = tzif_reader::read({exact.data(), exact.size()});
        std::int64_t before = INT64_MIN;
        for (auto at = offset_table::earliest; at < offset_table::latest; at += 15'768'001) {
            const std::int64_t local = at + table.offset_at(at);
            fuzz::require(local > at - 25 * 3'600 && local < at + 26 * 3'600, "a day from UTC");
            const auto first = table.first_at(local);
            fuzz::require(first.second <= at, "it is first shown now or before");
            fuzz::require(first.second + table.offset_at(first.second) >= local,
                          "then the clocks show it or a later time");
            fuzz::require(first.second >= before, "later local times are shown later");
            before = first.second;
        }
    } catch (const std::invalid_argument&) {
    }
    return 0;
}
