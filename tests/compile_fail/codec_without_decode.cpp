// A codec decodes messages.
// expect: codec needs: void decode(std::span<char>, OnEvent&&, OnError&&)
#include <millrace/codec/json.hpp>

using namespace millrace;

struct trade {
    double price;
};
template <>
inline constexpr auto millrace::schema<trade> = fields(field{"price", &trade::price});

struct my_codec {
    template <class Event>
    struct decoder {
        explicit decoder(codec_limits) {}
#ifndef MUST_FAIL
        template <class OnEvent, class OnError>
        void decode(std::span<char>, OnEvent&&, OnError&&) {}
#endif
    };
    template <class Record>
    using encoder = json_encoder<Record>;
};

int main() { require_codec<my_codec, trade>(); }
