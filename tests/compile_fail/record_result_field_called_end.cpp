// A result's fields stand beside the record's own.
// expect: schema_has_two_fields_of_one_name
#include <millrace/core/record.hpp>

using namespace millrace;

#ifdef MUST_FAIL
using result = named_value<"end", double>;
#else
using result = named_value<"ending", double>;
#endif

int main() { return schema<record<int, result>>.size > 0 ? 0 : 1; }
