#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/codec/json.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/endpoint/detail/http/fair_queue.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/body_source.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/storage/storage.hpp>
#include <millrace/transport/detail/post.hpp>

namespace millrace::detail {

/// A text that is charged to someone as long as it is kept.
class charged_text final : public http::body_source {
public:
    charged_text(std::string text, fair_queue::charge charge)
        : text_{std::move(text)}, charge_{std::move(charge)} {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return text_.size(); }
    [[nodiscard]] bool read(std::uint64_t offset, std::size_t count,
                            std::string& out) const override {
        return text_.read(offset, count, out);
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept override {
        return text_.memory_bytes();
    }

private:
    http::text_source text_;
    fair_queue::charge charge_;
};

/// The stored records of one topic, whatever their type.
class history {
public:
    /// Gets an error, or the records as a JSON array, oldest first; on the endpoint's thread.
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

/// Reads a storage, which must outlive it; a storage with `async_scan` without waiting for it.
template <class Record, class Storage>
class storage_history final : public history {
public:
    storage_history(asio::io_context& io, std::string_view key_name, Storage& storage)
        : io_{io}, encoder_{key_name}, storage_{storage} {}

    [[nodiscard]] storage_stats stats() const override { return storage_.stats(); }

protected:
    void read(const storage_query& query, callback done) override {
        if constexpr (async_storage<Storage, Record>) {
            // Encoded where the scan runs, so that the endpoint's thread need not do it.
            storage_.async_scan(query, [&io = io_, encoder = encoder_, done = std::move(done)](
                                           std::error_code error, std::vector<Record>&& rows) {
                std::string body = "[";
                try {
                    for (const Record& row : rows) append(encoder, row, body);
                    body += ']';
                } catch (...) {  // others wait for this one's end
                    error = errc::handler_failed;
                }
                detail::post(io, [done, error, body = std::move(body)]() mutable {
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

    asio::io_context& io_;
    encoder encoder_;
    Storage& storage_;
};

/// A request's parameters as a query; else the name of the parameter that is wrong.
struct history_request {
    storage_query query{};
    std::string_view wrong{};
};

/// Reads `from` and `to` (RFC 3339 or integer milliseconds since the epoch) and `limit`, which is
/// at least 1 and cut to `max_history_rows`.
[[nodiscard]] history_request parse_history_request(const http::request& request,
                                                    const endpoint_options& options);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/http/history.ipp>
#endif
