// expect: storage needs: a member type `options` (see millrace/storage/storage.hpp)
#include <millrace/storage/null.hpp>

using row = millrace::record<std::string, millrace::named_value<"mean", double>>;

struct settings {};

template <class Record>
class my_storage {
public:
#ifndef MUST_FAIL
    using options = settings;
#endif
    my_storage(settings, std::string_view, std::string_view) {}

    std::error_code append(const Record&) { return {}; }
    template <class F>
    std::error_code scan(const millrace::storage_query&, F&&) {
        return {};
    }
    std::error_code flush() { return {}; }
    millrace::storage_stats stats() const { return {}; }
};

int main() { millrace::require_storage<my_storage<row>, row>(); }
