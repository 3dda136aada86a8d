// An event's fields have names.
// expect: from needs: a millrace::schema of the event, before it stands in a pipeline
#include <millrace/pipeline/from.hpp>

struct trade {
    double price;
};

#ifndef MUST_FAIL
template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(millrace::field{"price",
                                                                                 &trade::price});
#endif

int main() { static_cast<void>(millrace::from<trade>("trades")); }
