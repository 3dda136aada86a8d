// A stream of frames, at once and in pieces: both lanes must agree.

#include <string>
#include <string_view>

#include "../websocket/stream.hpp"
#include "fuzz.hpp"

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

template <role Role>
reader<Role> make_reader(bool is_compressed) {
    reader<Role> made{{.max_message_bytes = 2000, .max_empty_fragments = 20}};
#ifdef MILLRACE_WITH_DEFLATE
    // The ratio depends on how much has come, and so on the pieces.
    static const permessage_deflate deflate{{.max_ratio = 1 << 20}};
    if (is_compressed) made.of().use(deflate.accept("permessage-deflate").connection);
#else
    static_cast<void>(is_compressed);
#endif
    return made;
}

template <role Role>
void check(std::string_view stream, unsigned flags) {
    const bool is_compressed = (flags & 2) != 0;
    auto at_once = make_reader<Role>(is_compressed);
    at_once.read(stream);
    auto by_bytes = make_reader<Role>(is_compressed);
    for (std::size_t i = 0; i != stream.size() && by_bytes.read(stream.substr(i, 1));) ++i;
    fuzz::require(by_bytes.handler.events == at_once.handler.events, "bytes one by one agree");
    auto in_pieces = make_reader<Role>(is_compressed);
    fuzz::in_chunks(stream, flags,
                    [&](std::string_view chunk, bool) { return in_pieces.read(chunk); });
    fuzz::require(in_pieces.handler.events == at_once.handler.events, "pieces agree");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input input{data, size};
    const unsigned flags = input.byte();
    (flags & 1) != 0 ? check<role::client>(input.rest(), flags)
                     : check<role::server>(input.rest(), flags);
    return 0;
}
