#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sqlite3.h>

#include <millrace/storage/sqlite_options.hpp>

#include "temporary_folder.hpp"

/// A folder for a database of the test's.
struct temporary_directory : temporary_folder {
    std::string file(const std::string& name = "test.db") const { return (path / name).string(); }

    /// Settings that make a test quick.
    millrace::sqlite_options options() const {
        millrace::sqlite_options out;
        out.file = file();
        out.batch_interval = std::chrono::milliseconds{1};
        out.busy_timeout = std::chrono::minutes{1};
        out.retry_interval = std::chrono::milliseconds{1};
        out.max_retry_interval = std::chrono::milliseconds{10};
        return out;
    }
};

/// SQLite as any other program uses it: text in, text out.
class plain_sqlite {
public:
    using table = std::vector<std::vector<std::string>>;

    explicit plain_sqlite(const std::string& file) {
        if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) throw std::runtime_error{"sqlite3_open"};
        sqlite3_busy_timeout(db_, 10'000);
    }
    plain_sqlite(const plain_sqlite&) = delete;
    plain_sqlite& operator=(const plain_sqlite&) = delete;
    ~plain_sqlite() { sqlite3_close(db_); }

    table operator()(const std::string& sql) {
        table out;
        char* message = nullptr;
        const auto collect = [](void* to, int columns, char** values, char**) {
            auto& line = static_cast<table*>(to)->emplace_back();
            for (int i = 0; i < columns; ++i) {
                line.emplace_back(values[i] == nullptr ? "NULL" : values[i]);
            }
            return 0;
        };
        if (sqlite3_exec(db_, sql.c_str(), collect, &out, &message) != SQLITE_OK) {
            const std::string text = message;
            sqlite3_free(message);
            throw std::runtime_error{sql + ": " + text};
        }
        return out;
    }

    std::string one(const std::string& sql) {
        const table found = (*this)(sql);
        return found.empty() ? "nothing" : found[0][0];
    }

private:
    sqlite3* db_ = nullptr;
};

/// Asks again and again until the answer is yes; false after a generous time.
template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}
