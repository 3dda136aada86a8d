#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

namespace detail {

/// Keeps each record and hands it on. A failure is the storage's to count and to mend.
template <class Storage, class Next>
struct store_node : forwarding_node<Next> {
    std::unique_ptr<Storage> storage;

    store_node(std::unique_ptr<Storage> s, Next n)
        : forwarding_node<Next>{std::move(n)}, storage{std::move(s)} {}

    template <class Record>
    void push(const Record& row, event_stamp at) {
        static_cast<void>(storage->append(row));
        this->next.push(row, at);
    }
    template <class Record>
    void update(const Record& before, const Record& after, event_stamp at) {
        static_cast<void>(storage->append(after));
        this->next.update(before, after, at);
    }
    template <class Record>
    void remove(const Record& gone, event_stamp at) {
        static_cast<void>(storage->append(gone));
        this->next.remove(gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        static_cast<void>(storage->append(row));
        this->next.preview(row, at);
    }
    [[nodiscard]] bool has_room() const {
        if constexpr (requires { storage->has_room(); }) {
            if (!storage->has_room()) return false;
        }
        return this->next.has_room();
    }
    void flush() {
        static_cast<void>(storage->flush());
        this->next.flush();
    }
    std::error_code finish() {
        first_exception thrown;
        const std::error_code later = thrown.guard([this] { return this->next.finish(); });
        const std::error_code own = thrown.guard([this] { return storage->flush(); });
        thrown.rethrow();
        return own ? own : later;
    }
};

}  // namespace detail

template <template <class> class Storage>
struct store_stage : stage {
    static constexpr std::string_view stage_name = "store";
    using is_one_to_one = void;
    using takes_updates = void;
    using opens_no_topic = void;

    storage_options<Storage> options;

    explicit store_stage(storage_options<Storage> settings) : options{std::move(settings)} {}

    template <class To>
    void describe(To& to) const {
        to.template storage<Storage>(options);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(is_record<typename Stream::event_type>,
                      "store needs: records, from a process or detect before it "
                      "(see millrace/pipeline/process.hpp)");
        if constexpr (is_record<typename Stream::event_type>)
            require_storage<Storage<typename Stream::event_type>, typename Stream::event_type>();
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        using record_type = typename Stream::event_type;
        using storage_type = Storage<record_type>;
        if constexpr (std::same_as<storage_type, null_storage<record_type>>) {
            return next;
        } else {
            if constexpr (requires { options.file; })
                context.claim(context.topic(), std::filesystem::weakly_canonical(options.file));
            auto storage = detail::open_storage<storage_type, record_type>(options, context.topic(),
                                                                           in.key.name);
            context.template remember<record_type>(in.key.name, *storage);
            return detail::store_node<storage_type, Next>{std::move(storage), std::move(next)};
        }
    }
};

/// Keeps every record in the `Storage`, in a table called after the topic that follows ("results"
/// where none does before the end or a tee), and hands it on. A correction replaces what it
/// corrects.
///
///     | process<count>() | store<sqlite_storage>({.file = "counts.db"}) | publish("counts")
///
/// Starting the pipeline throws std::system_error when the storage does not open, and
/// std::invalid_argument when another store of the pipeline has the table (of a storage whose
/// options name a `file`), or when the key has the name of another field of the records.
template <template <class> class Storage>
[[nodiscard]] store_stage<Storage> store(storage_options<Storage> options = {}) {
    return store_stage<Storage>{std::move(options)};
}

}  // namespace millrace
