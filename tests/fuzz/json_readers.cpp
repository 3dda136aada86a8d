// A message of events, behind a byte that chooses the limits: what is read directly and what
// RapidJSON's reader reads are the same events and errors.

#include "json_readers.hpp"
#include "fuzz.hpp"

using namespace millrace;
using namespace millrace::testing_json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input input{data, size};
    codec_limits limits;
    if ((input.byte() & 1) != 0) {
        limits = {.max_depth = 3,
                  .max_members = 12,
                  .max_string_bytes = 24,
                  .max_name_bytes = 20,
                  .max_events = 3};
    }
    json_decoder<order> direct{limits};
    json_decoder<order, no_reader> other{limits};
    const std::string expected = told_by(other, input.rest());
    fuzz::require(told_by(direct, input.rest()) == expected, "both readers agree");
    fuzz::require(told_by(direct, input.rest()) == expected, "whatever was read before");
    return 0;
}
