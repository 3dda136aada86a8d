#include <millrace/millrace.hpp>

#include "reading.hpp"

const std::error_category& category_seen_by_other();
int windows_closed_by_other();

int main() {
    const bool one_category = &millrace::error_category() == &category_seen_by_other();
    return one_category && windows_closed() == 2 && windows_closed_by_other() == 2 ? 0 : 1;
}
