#include <millrace/core/zone.hpp>

std::string header_only();

int main() { return header_only() == millrace::zone{"UTC"}.name() ? 0 : 1; }
