#pragma once

#include <millrace/websocket/frame.hpp>

namespace millrace::websocket {

MILLRACE_INLINE frame frame_pool::make(opcode op, std::string_view payload) {
    if (payload.size() >= message_buffer::mapped_bytes) {
        frame made = take_large(max_header_bytes, payload);
        auto& block = *made.block_;
        block.start = put_header(block.large.data(), block.large.size(), op, false);
        return made;
    }
    return make_with(op, [payload](std::string& out) { out.append(payload); });
}

MILLRACE_INLINE frame frame_pool::make(opcode op, std::uint32_t key, std::string_view payload) {
    if (payload.size() >= message_buffer::mapped_bytes) {
        frame made = take_large(max_masked_header_bytes, payload);
        auto& block = *made.block_;
        block.start = mask(block.large.data(), block.large.size(), op, key, false);
        return made;
    }
    return make_with(op, key, [payload](std::string& out) { out.append(payload); });
}

MILLRACE_INLINE frame frame_pool::compress(const frame& message, compressor& with) {
    auto& block = *message.block_;
    const auto key = with.shared_key();
    if (key != 0) {
        for (const auto& each : block.forms)
            if (each.shared_key == key)
                return each.compressed != nullptr ? frame::of(each.compressed) : message;
        if (block.forms.size() == max_forms) return message;
    }
    const auto payload = block.all().substr(max_header_bytes);
    frame made = take();
    auto& bytes = made.block_->bytes;
    bytes.resize(max_header_bytes);
    const bool pays = with.compress(payload, bytes);
    if (key != 0) block.forms.push_back({key, nullptr});
    if (!pays) return message;
    const auto op = static_cast<opcode>(block.all()[block.start] & 0x0f);
    made.block_->start = put_header(bytes.data(), bytes.size(), op, true);
    made.block_->subject = block.subject;
    count(*made.block_);
    if (key != 0) block.forms.back().compressed = frame{made}.release();
    return made;
}

MILLRACE_INLINE frame frame_pool::compress_masked(const frame& message, compressor& with) {
    const auto bytes = message.bytes();
    frame_header header;
    static_cast<void>(parse_frame_header<role::server>(bytes.data(), bytes.size(), header));
    const frame plain = wrap_with([&](std::string& out) {
        out.append(bytes.substr(header.header_bytes));
        apply_mask(out.data(), out.size(), header.mask);
    });
    bool pays = false;
    frame made = wrap_with([&](std::string& out) {
        out.resize(max_masked_header_bytes);
        pays = with.compress(plain.bytes(), out);
    });
    if (!pays) return message;
    auto& block = *made.block_;
    block.start = mask(block.bytes.data(), block.bytes.size(), header.op, header.mask, true);
    count(block);
    return made;
}

MILLRACE_INLINE frame frame_pool::take_large(std::size_t room, std::string_view payload) {
    static constexpr char none[max_masked_header_bytes] = {};
    message_buffer large;
    large.reserve(room + payload.size());
    large.append({none, room});
    large.append(payload);
    frame made = take();
    made.block_->large = std::move(large);
    count(*made.block_);
    return made;
}

}  // namespace millrace::websocket
