// Compressed messages, restored by zlib in any pieces and by a decoder written from the RFC; and
// messages that are compressed and restored.

#include <string>
#include <string_view>

#include <millrace/websocket/permessage_deflate.hpp>

#include "../websocket/naive_inflate.hpp"
#include "fuzz.hpp"

using namespace millrace;
using namespace millrace::websocket;

namespace {

constexpr std::size_t max_bytes = 20000;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input input{data, size};
    const unsigned flags = input.byte();
    const auto bytes = input.rest();
    const bool no_takeover = (flags & 1) != 0;
    const permessage_deflate deflate{{.server_no_context_takeover = no_takeover,
                                      .client_no_context_takeover = no_takeover,
                                      .min_message_bytes = 0,
                                      .max_ratio = 1 << 20}};
    const auto make = [&] { return deflate.accept("permessage-deflate").connection; };

    message_buffer at_once, in_pieces;
    const auto error = make()->restore(bytes, true, max_bytes, at_once);
    fuzz::require(at_once.size() <= max_bytes + 1, "the limit holds");
    const auto other = make();
    auto piece_error = bytes.empty() ? other->restore({}, true, max_bytes, in_pieces) : errc{};
    fuzz::in_chunks(bytes, flags, [&](std::string_view chunk, bool is_last) {
        piece_error = other->restore(chunk, is_last, max_bytes, in_pieces);
        return piece_error == errc{};
    });
    fuzz::require(piece_error == error && in_pieces.view() == at_once.view(), "pieces agree");
    if (error != errc::message_too_big) {
        const auto expected = tests::naive_inflater::decode(bytes);
        fuzz::require(expected.has_value() == (error == errc{}), "a naive decoder agrees");
        fuzz::require(!expected || *expected == at_once.view(), "the text is the naive decoder's");
    }

    const auto from = make(), to = make();
    for (int round = 0; round != 2; ++round) {
        std::string packed;
        message_buffer text;
        if (!from->compress(bytes, packed)) break;
        fuzz::require(
            to->restore(packed, true, bytes.size(), text) == errc{} && text.view() == bytes,
            "what was compressed is restored");
    }
    return 0;
}
