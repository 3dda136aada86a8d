#pragma once

#include <millrace/storage/sqlite_turn.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::shared_ptr<std::mutex> writers_mutex(const std::string& file) {
    static std::mutex guard;
    static std::map<std::string, std::weak_ptr<std::mutex>> known;
    std::error_code unknown;
    const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(file), unknown);
    const std::lock_guard lock{guard};
    std::erase_if(known, [](const auto& each) { return each.second.expired(); });
    auto& of = known[unknown ? file : path.string()];
    auto mutex = of.lock();
    if (mutex == nullptr) of = mutex = std::make_shared<std::mutex>();
    return mutex;
}

MILLRACE_INLINE std::unique_lock<std::mutex> take_turn(std::mutex& writers,
                                                       std::chrono::milliseconds timeout,
                                                       const std::atomic<bool>& give_up) {
    const auto begin = std::chrono::steady_clock::now();
    std::unique_lock turn{writers, std::try_to_lock};
    while (!turn) {
        const bool is_late = std::chrono::steady_clock::now() - begin >= timeout;
        if (is_late || give_up) throw std::system_error{errc::storage_locked, "another storage"};
        sqlite3_sleep(1);
        static_cast<void>(turn.try_lock());
    }
    return turn;
}

}  // namespace millrace::detail
