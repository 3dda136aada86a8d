// As a duration a month is a twelfth of 365.2425 days.
// expect: tumbling needs: a zone for months and years
#include <millrace/windows/tumbling.hpp>

using namespace millrace;

#ifdef MUST_FAIL
auto window = tumbling{std::chrono::months{1}};
#else
auto window = tumbling{std::chrono::months{1}, zone{"UTC"}};
#endif

int main() {}
