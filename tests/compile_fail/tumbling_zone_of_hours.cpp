// A day of a zone may have 23 or 25 hours.
// expect: tumbling needs: days, weeks, months or years with a zone
#include <millrace/windows/tumbling.hpp>

using namespace millrace;
using namespace std::chrono_literals;

#ifdef MUST_FAIL
auto size = 24h;
#else
auto size = std::chrono::days{1};
#endif
auto window = tumbling{size, zone{"UTC"}};

int main() {}
