#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <unordered_map>
#include <utility>

#include <millrace/core/hash.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/state/top_rank.hpp>

namespace millrace::detail {

/// A record of each of several keys, of which the first `Count` by their rank are high, where any
/// may be corrected: all are kept, since one comes up when another goes down. A change costs the
/// logarithm of how many there are.
///
/// What a change does to those that are high is told to `give`, first what is not one any more:
/// `give.remove(row)`, `give.update(before, after)`, `give.insert(row)`.
template <class Record, class Value, std::size_t Count>
class top_group {
public:
    using key_type = decltype(Record::key);

    top_group() = default;
    top_group(top_group&&) = default;
    top_group& operator=(top_group&&) = default;

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    /// How many of the records are not final.
    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    [[nodiscard]] bool has(const key_type& key) const { return rows_.contains(key); }

    /// In place of what its key had. @return false where it had nothing and `may_add` is not
    template <class Give>
    bool put(const Record& row, Value value, bool may_add, Give& give) {
        const auto found = rows_.find(row.key);
        const bool is_new = found == rows_.end();
        if (is_new && !may_add) return false;
        kept_event<Record> kept{row};
        const auto at = is_new ? rows_.try_emplace(row.key).first : found;
        entry& of = at->second;
        if (is_new) {
            of.rank = {value, added_};
            const auto added = insert_or_forget(at);
            ++added_;
            of.row = std::move(kept);
            open_ += !row.is_final;
            const entry* const displaced = make_room_behind(added);
            if (!is_high(of)) return true;
            if (displaced != nullptr) give.remove(displaced->row.value());
            give.insert(of.row.value());
            return true;
        }
        open_ += !row.is_final;
        open_ -= !of.row.value().is_final;
        const bool was_high = is_high(of);
        auto node = take(of);
        const entry* const promoted = ranked_.size() >= Count ? *edge_ : nullptr;
        of.rank.value = value;
        std::swap(of.row, kept);
        const entry* const displaced = make_room_behind(ranked_.insert(std::move(node)).position);
        if (was_high && is_high(of)) {
            give.update(kept.value(), of.row.value());
        } else if (was_high) {
            give.remove(kept.value());
            give.insert(promoted->row.value());
        } else if (is_high(of)) {
            give.remove(displaced->row.value());
            give.insert(of.row.value());
        }
        return true;
    }

    /// What the key had goes.
    template <class Give>
    void drop(const key_type& key, Give& give) {
        const auto at = rows_.find(key);
        if (at == rows_.end()) return;
        entry& of = at->second;
        const bool was_high = is_high(of), has_more = ranked_.size() > Count;
        take(of);
        const entry gone = std::move(of);
        rows_.erase(at);
        open_ -= !gone.row.value().is_final;
        if (!was_high) return;
        give.remove(gone.row.value());
        if (has_more) give.insert((*edge_)->row.value());
    }

    template <class Archive>
    void archive(Archive& ar) {
        std::uint64_t count = ranked_.size();
        ar(count, added_);
        if constexpr (Archive::is_loading) {
            rows_.clear();
            ranked_.clear();
            open_ = 0;
            for (; count > 0 && ar.ok(); --count) {
                entry loaded;
                ar(loaded.rank, loaded.row);
                const Record& row = loaded.row.value();
                const auto [at, is_new] = rows_.try_emplace(row.key);
                ar.require(is_new && loaded.rank.order < added_);
                if (!ar.ok()) return;
                open_ += !row.is_final;
                at->second = std::move(loaded);
                const auto [place, is_other] = ranked_.insert(&at->second);
                ar.require(is_other);
                make_room_behind(place);
            }
        } else {
            for (entry* each : ranked_) ar(each->rank, each->row);
        }
    }

private:
    struct entry {
        top_rank<Value> rank;
        kept_event<Record> row;
    };
    struct by_rank {
        bool operator()(const entry* a, const entry* b) const noexcept { return a->rank < b->rank; }
    };
    using ranking = std::set<entry*, by_rank>;

    /// The last of those that are high stands at `edge_`, where there are as many.
    [[nodiscard]] bool is_high(const entry& of) const noexcept {
        return ranked_.size() <= Count || !((*edge_)->rank < of.rank);
    }

    /// It is out of the ranking, and one more is high where there are others.
    typename ranking::node_type take(entry& of) {
        const auto at = ranked_.find(&of);
        if (ranked_.size() > Count && is_high(of)) ++edge_;
        return ranked_.extract(at);
    }
    /// One is in the ranking. @return what is not high any more, if anything
    const entry* make_room_behind(typename ranking::iterator added) noexcept {
        if (ranked_.size() < Count) return nullptr;
        if (ranked_.size() == Count) {
            edge_ = std::prev(ranked_.end());
            return nullptr;
        }
        if ((*edge_)->rank < (*added)->rank) return nullptr;
        return *edge_--;
    }

    template <class Iterator>
    auto insert_or_forget(Iterator at) {
        try {
            return ranked_.insert(&at->second).first;
        } catch (...) {
            rows_.erase(at);
            throw;
        }
    }

    std::unordered_map<key_type, entry, key_hash, key_equal> rows_;
    ranking ranked_;
    typename ranking::iterator edge_{};
    std::uint64_t added_ = 0;
    std::size_t open_ = 0;
};

}  // namespace millrace::detail
