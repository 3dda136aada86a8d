#include <millrace/millrace.hpp>

#include "reading.hpp"

int main() { return windows_closed() == 2 ? 0 : 1; }
