#pragma once

#include <millrace/publish/detail/history.hpp>

namespace millrace::detail {

MILLRACE_INLINE void history::scan(const std::string& client, std::size_t max_rows,
                                   const storage_query& query, const answer& done) {
    const auto job = [this, query, done](const auto& end, const auto& charge) {
        const auto give = [done, end, charge](std::error_code error, std::string body) {
            done(error, std::move(body), charge);
            end();
        };
        try {
            read(query, give);
        } catch (...) {
            give(errc::handler_failed, {});
        }
    };
    if (!turns_.post(client, query.limit, max_rows, job)) done(errc::try_again_later, {}, nullptr);
}

}  // namespace millrace::detail
