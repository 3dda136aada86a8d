// A window by count has a number.
// expect: schema_has_two_fields_of_one_name
#include <millrace/core/record.hpp>

using namespace millrace;

using result = named_value<"number", double>;

#ifdef MUST_FAIL
using row = record<int, result, numbered_window>;
#else
using row = record<int, result>;
#endif

int main() { return schema<row>.size > 0 ? 0 : 1; }
