// expect: storage needs: fields of numbers, bool, std::string, timestamp or an enumeration
#include <millrace/storage/sqlite.hpp>

#ifdef MUST_FAIL
enum class side { buy, sell };
#else
using side = int;
#endif

struct last_side {
    side value;
};

template <>
inline constexpr auto millrace::schema<last_side> = millrace::fields(millrace::field{
    "value", &last_side::value});

int main() {
    millrace::sqlite_storage<millrace::record<int, last_side>> storage{{.file = "x"}, "t", "k"};
}
