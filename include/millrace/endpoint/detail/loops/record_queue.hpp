#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <millrace/endpoint/detail/loops/batch_queue.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/detail/loops/mailbox.hpp>
#include <millrace/publish/topic.hpp>

namespace millrace::detail {

/// Records on their way from one loop to the followers in another: the bytes of each are copied
/// once, into a batch that is sent at the end of the turn. When the other loop is so far behind
/// that no batch is free, records are lost and counted as dropped.
class record_queue final : public record_forwarder,
                           public flushable,
                           public std::enable_shared_from_this<record_queue> {
public:
    static constexpr std::size_t max_batch_bytes = 64 * 1024;

    record_queue(std::shared_ptr<loop> from, std::shared_ptr<mailbox> of_from,
                 std::shared_ptr<loop> to, std::shared_ptr<mailbox> of_to)
        : from_{std::move(from)},
          queue_{std::make_shared<batch_queue<batch>>(std::move(of_from), std::move(of_to),
                                                      [to = std::move(to)](batch& records) {
                                                          records.publish_to(*to);
                                                          return true;
                                                      })} {}

    void hand_over(topic& there, std::string_view key, std::string_view record) override {
        batch* const to = next();
        if (to == nullptr) {
            ++from_->counters.frames_dropped;
            if (losers_.insert(&there).second)
                from_->tell(log_severity::warning, log_event::slow_consumer, 0,
                            there.name() + ": records are dropped, for another loop is behind");
            return;
        }
        to->add(there, key, record);
        if (to->bytes.size() >= max_batch_bytes) flush();
    }

    /// Sends what has been gathered.
    void flush() override {
        if (std::exchange(open_, nullptr) != nullptr) queue_->push();
    }

    /// In the loop of the followers: publishes all that has been sent.
    void drain() { queue_->drain(); }

private:
    struct entry {
        topic* to;
        std::size_t key_bytes;
        std::size_t record_bytes;
    };

    struct batch {
        std::string bytes;
        std::vector<entry> entries;
        std::vector<topic*> losers;  ///< topics whose records before these are lost

        void add(topic& to, std::string_view key, std::string_view record) {
            bytes.append(key).append(record);
            entries.push_back({&to, key.size(), record.size()});
        }

        void publish_to(loop& there) {
            const loop::turn turn{there};
            for (topic* const each : losers) each->lose_records();
            std::string_view rest = bytes;
            for (const entry& each : entries) {
                const auto key = rest.substr(0, each.key_bytes);
                const auto record = rest.substr(each.key_bytes, each.record_bytes);
                rest.remove_prefix(each.key_bytes + each.record_bytes);
                each.to->publish(record, key);
            }
            if (bytes.capacity() > 2 * max_batch_bytes) std::string{}.swap(bytes);
            bytes.clear();
            entries.clear();
            losers.clear();
        }
    };

    [[nodiscard]] batch* next() {
        if (open_ != nullptr) return open_;
        open_ = queue_->back();
        if (open_ != nullptr) {
            open_->losers.assign(losers_.begin(), losers_.end());
            losers_.clear();
            from_->schedule(shared_from_this());
        }
        return open_;
    }

    std::shared_ptr<loop> from_;
    std::shared_ptr<batch_queue<batch>> queue_;
    batch* open_ = nullptr;  ///< being filled
    std::unordered_set<topic*> losers_;
};

}  // namespace millrace::detail
