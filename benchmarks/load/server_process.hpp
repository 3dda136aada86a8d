#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace load {

/// The server under load, as the system sees it.
class server_process {
public:
    explicit server_process(int pid) : directory_("/proc/" + std::to_string(pid)) {}

    /// Nanoseconds of CPU time, the kernel's for it included, that its threads have had.
    [[nodiscard]] std::uint64_t cpu_ns() const {
        std::uint64_t total = 0;
        for (const auto& task : std::filesystem::directory_iterator(directory_ / "task")) {
            std::uint64_t running = 0;
            std::ifstream(task.path() / "schedstat") >> running;
            total += running;
        }
        return total;
    }

    [[nodiscard]] std::size_t resident_bytes() const {
        std::size_t size = 0, resident = 0;
        std::ifstream(directory_ / "statm") >> size >> resident;
        return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    }

private:
    std::filesystem::path directory_;
};

}  // namespace load
