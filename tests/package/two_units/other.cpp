#include <millrace/millrace.hpp>

#include "reading.hpp"

const std::error_category& category_seen_by_other() { return millrace::error_category(); }
int windows_closed_by_other() { return windows_closed(); }
