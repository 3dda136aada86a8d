#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/json.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/publish/detail/fair_queue.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace::detail {

/// The stored records of one topic, whatever their type; of the topic's thread.
class history {
public:
    /// Gets an error, or the records as a JSON array, oldest first.
    using callback = std::function<void(std::error_code, std::string)>;
    /// The same, and what the client is charged for it.
    using answer = std::function<void(std::error_code, std::string, fair_queue::charge)>;

    virtual ~history() = default;

    /// Reads when it is the client's turn. errc::try_again_later where the client has asked for so
    /// many rows, that it has not got yet, that with these they would be more than `max_rows`; one
    /// request is taken in any case.
    void scan(const std::string& client, std::size_t max_rows, const storage_query& query,
              const answer& done);

    [[nodiscard]] virtual storage_stats stats() const = 0;

protected:
    /// Throws only where it does not call `done`.
    virtual void read(const storage_query&, callback done) = 0;

private:
    fair_queue turns_;
};

/// A storage that scans on a thread of its own.
template <class Storage, class Record>
concept async_storage = requires(Storage& s, const storage_query& q) {
    s.async_scan(q, [](std::error_code, std::vector<Record>&&) {});
};

/// Has a job called later, in the topics' thread; from any thread.
using job_poster = std::function<void(std::function<void()> job)>;

/// Reads a storage, which must outlive it; a storage with `async_scan` without waiting for it.
template <class Record, class Storage>
class storage_history final : public history {
public:
    storage_history(job_poster post, std::string_view key_name, Storage& storage)
        : post_{std::move(post)}, encoder_{key_name}, storage_{storage} {}

    [[nodiscard]] storage_stats stats() const override { return storage_.stats(); }

protected:
    void read(const storage_query& query, callback done) override {
        if constexpr (async_storage<Storage, Record>) {
            // Encoded where the scan runs, so that the topic's thread need not do it.
            storage_.async_scan(query, [post = post_, encoder = encoder_, done = std::move(done)](
                                           std::error_code error, std::vector<Record>&& rows) {
                std::string body = "[";
                try {
                    for (const Record& row : rows) append(encoder, row, body);
                    body += ']';
                } catch (...) {  // others wait for this one's end
                    error = errc::handler_failed;
                }
                post([done, error, body = std::move(body)]() mutable {
                    done(error, std::move(body));
                });
            });
        } else {
            std::string body = "[";
            const std::error_code error =
                storage_.scan(query, [&](const Record& row) { append(encoder_, row, body); });
            done(error, std::move(body) + "]");
        }
    }

private:
    using encoder = json::encoder<Record>;

    static void append(const encoder& to_json, const Record& row, std::string& body) {
        if (body.size() > 1) body.push_back(',');
        to_json.encode(row, body);
    }

    job_poster post_;
    encoder encoder_;
    Storage& storage_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/publish/detail/history.ipp>
#endif
