#include <millrace/transport/detail/host_name.hpp>

#include <fstream>
#include <string>

#include "catch.hpp"

TEST_CASE("the machine's name is the kernel's") {
    std::ifstream file{"/proc/sys/kernel/hostname"};
    if (!file) return;
    std::string name;
    std::getline(file, name);
    CHECK(millrace::detail::host_name() == name);
}
