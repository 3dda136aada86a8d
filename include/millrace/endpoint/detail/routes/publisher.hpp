#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/http/history.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/options.hpp>
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

    std::vector<input> inputs{};
    topic_list topics{};
    std::vector<stored> histories{};
};

/// @throws std::invalid_argument when `when_full` or `duplex_topics` name no topic of it,
/// and for `duplex_topics` without a `duplex_path`.
void require_topics(const publication& of, const serve_options& options);

/// The sink of a pipeline that an endpoint serves (see millrace/pipeline/sink.hpp). It tells
/// `listing` what the pipeline publishes while it starts.
class publisher : public topic_sink {
public:
    publisher(std::shared_ptr<loop> loop, const std::shared_ptr<publication>& listing,
              topic_policies policies)
        : topic_sink{{listing, &listing->topics}, std::move(policies)},
          loop_{std::move(loop)},
          listing_{listing} {}

    template <class Record, class Storage>
    void history(std::string_view name, std::string_view key_name, Storage& storage) {
        if constexpr (requires { storage.log_to(loop_->log); }) {
            if (loop_->log) storage.log_to(loop_->log);
        }
        listing_->histories.push_back(
            {std::string{name},
             std::make_unique<storage_history<Record, Storage>>(loop_->io, key_name, storage)});
    }

private:
    std::shared_ptr<loop> loop_;
    std::shared_ptr<publication> listing_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/publisher.ipp>
#endif
