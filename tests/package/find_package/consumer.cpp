#include <millrace/millrace.hpp>

#include "reading.hpp"

static_assert(MILLRACE_VERSION_MAJOR == 0);

int main() { return windows_closed() == 2 ? 0 : 1; }
