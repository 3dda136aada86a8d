#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>  // mkdtemp

/// A folder of this test's own, until the end of the scope.
class temporary_folder {
public:
    temporary_folder() : path_{std::filesystem::temp_directory_path() / "millrace-XXXXXX"} {
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + '/' + name;
    }

private:
    std::string path_;
};
