// expect: storage needs: std::string in place of std::string_view
#include <millrace/storage/memory.hpp>

#ifdef MUST_FAIL
using text = std::string_view;
#else
using text = std::string;
#endif

struct last_word {
    text value;
};

template <>
inline constexpr auto millrace::schema<last_word> = millrace::fields(millrace::field{
    "value", &last_word::value});

int main() { millrace::memory_storage<millrace::record<int, last_word>> storage{}; }
