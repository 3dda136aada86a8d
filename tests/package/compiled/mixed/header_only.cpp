#undef MILLRACE_COMPILED
#include <millrace/core/zone.hpp>

std::string header_only() { return std::string{millrace::zone{"UTC"}.name()}; }
