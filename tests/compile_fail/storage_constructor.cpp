// expect: storage needs: a constructor (options, std::string_view topic, std::string_view key_name)
#include <millrace/storage/null.hpp>

using row = millrace::record<std::string, millrace::named_value<"mean", double>>;

template <class Record>
class my_storage {
public:
    struct options {};
#ifdef MUST_FAIL
    explicit my_storage(options) {}
#else
    my_storage(options, std::string_view, std::string_view) {}
#endif

    std::error_code append(const Record&) { return {}; }
    template <class F>
    std::error_code scan(const millrace::storage_query&, F&&) {
        return {};
    }
    std::error_code flush() { return {}; }
    millrace::storage_stats stats() const { return {}; }
};

int main() { millrace::require_storage<my_storage<row>, row>(); }
