// expect: storage needs: storage_stats stats() const (see millrace/storage/storage.hpp)
#include <millrace/storage/null.hpp>

using row = millrace::record<std::string, millrace::named_value<"mean", double>>;

template <class Record>
class my_storage {
public:
    struct options {};
    my_storage(options, std::string_view, std::string_view) {}

    std::error_code append(const Record&) { return {}; }
    template <class F>
    std::error_code scan(const millrace::storage_query&, F&&) {
        return {};
    }
    std::error_code flush() { return {}; }
#ifdef MUST_FAIL
    millrace::storage_stats stats() { return {}; }
#else
    millrace::storage_stats stats() const { return {}; }
#endif
};

int main() { millrace::require_storage<my_storage<row>, row>(); }
