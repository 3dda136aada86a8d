#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/log.hpp>
#include <millrace/publish/detail/history.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/topic_sink.hpp>

namespace millrace::detail {

/// What one pipeline publishes: its topics, and the storages of some.
struct publication {
    /// An input as `may` is asked about it, and the paths that take its events.
    struct input {
        std::string name;
        std::vector<std::string> paths;
    };
    struct stored {
        std::string topic;
        std::unique_ptr<history> records;
    };

    /// The storage of a topic's records, or null.
    [[nodiscard]] history* find_history(std::string_view topic) const noexcept;

    std::vector<input> inputs{};
    topic_list topics{};
    std::vector<stored> histories{};
};

using publications = std::vector<std::shared_ptr<publication>>;

/// A topic by its name and the storage of its records; null for what is not there.
[[nodiscard]] std::pair<const topic*, history*> find_topic(const publications& all,
                                                           std::string_view name) noexcept;

/// A pipeline's sink (see millrace/pipeline/sink.hpp) that tells `listing` what the pipeline
/// publishes and stores while it starts. Storages tell `log` of their failures.
class publisher : public topic_sink {
public:
    publisher(const std::shared_ptr<publication>& listing, topic_policies policies, job_poster post,
              log_hook log)
        : topic_sink{{listing, &listing->topics}, std::move(policies)},
          listing_{listing},
          post_{std::move(post)},
          log_{std::move(log)} {}

    template <class Record, class Storage>
    void history(std::string_view name, std::string_view key_name, Storage& storage) {
        if constexpr (requires { storage.log_to(log_); }) {
            if (log_) storage.log_to(log_);
        }
        listing_->histories.push_back(
            {std::string{name},
             std::make_unique<storage_history<Record, Storage>>(post_, key_name, storage)});
    }

private:
    std::shared_ptr<publication> listing_;
    job_poster post_;
    log_hook log_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/publish/detail/publication.ipp>
#endif
