#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/mask.hpp>

namespace millrace::websocket {

class frame_pool;

/// Bytes that are ready to be sent, shared by all who send them: a WebSocket frame with its header,
/// or an HTTP response. Copies are cheap and belong to the thread of their pool, which must outlive
/// them.
class frame {
public:
    frame() = default;
    frame(const frame& other) noexcept : block_{other.block_} {
        if (block_ != nullptr) ++block_->owners;
    }
    frame(frame&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
    // Two, not one by value: clang 14 forgets to end such an argument where a template's branch
    // assigns `{}`.
    frame& operator=(const frame& other) noexcept { return *this = frame{other}; }
    frame& operator=(frame&& other) noexcept {
        frame ending{std::move(other)};
        std::swap(block_, ending.block_);
        return *this;
    }
    inline ~frame();

    [[nodiscard]] std::string_view bytes() const noexcept {
        if (block_ == nullptr) return {};
        return std::string_view{block_->bytes}.substr(block_->start);
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }

    /// Frames of one subject, other than 0, are of interest only until the next one of it.
    [[nodiscard]] std::uint64_t subject() const noexcept {
        return block_ != nullptr ? block_->subject : 0;
    }
    void set_subject(std::uint64_t subject) noexcept { block_->subject = subject; }

private:
    friend class frame_pool;

    struct block {
        frame_pool* pool;
        std::size_t start = 0;
        std::size_t owners = 0;
        std::string bytes{};
        std::uint64_t subject = 0;
        std::uint64_t compressed_as = 0;  ///< see `compressor::shared_key`
        block* compressed = nullptr;      ///< so, of which this is an owner; null: it does not pay
    };

    explicit frame(block* owned) noexcept : block_{owned} {}

    /// Takes part in the ownership of a block.
    [[nodiscard]] static frame of(block* shared) noexcept {
        ++shared->owners;
        return frame{shared};
    }
    [[nodiscard]] block* release() noexcept { return std::exchange(block_, nullptr); }
    static inline void end_ownership(block* owned) noexcept;

    block* block_ = nullptr;
};

/// Makes frames and reuses their memory, so that in a steady state none is allocated.
class frame_pool {
public:
    /// Keeps at most this much memory in frames that are not in use.
    explicit frame_pool(std::size_t max_idle_bytes = 1024 * 1024)
        : max_idle_bytes_{max_idle_bytes} {}

    /// A frame whose payload is what `append(std::string&)` appends.
    template <class Append>
    [[nodiscard]] frame make_with(opcode op, Append&& append) {
        frame made = take();
        auto& block = *made.block_;
        block.bytes.resize(max_header_bytes);
        append(block.bytes);
        block.start = put_header(block.bytes, op, false);
        return made;
    }

    [[nodiscard]] frame make(opcode op, std::string_view payload) {
        return make_with(op, [payload](std::string& out) { out.append(payload); });
    }

    /// Likewise, masked by `key` as a client sends it. The key must come from a strong source of
    /// entropy, a new one for each frame (RFC 6455, section 5.3); it is written as it lies in
    /// memory.
    template <class Append>
    [[nodiscard]] frame make_with(opcode op, std::uint32_t key, Append&& append) {
        frame made = take();
        auto& block = *made.block_;
        block.bytes.resize(max_masked_header_bytes);
        append(block.bytes);
        block.start = mask(block.bytes, op, key, false);
        return made;
    }

    [[nodiscard]] frame make(opcode op, std::uint32_t key, std::string_view payload) {
        return make_with(op, key, [payload](std::string& out) { out.append(payload); });
    }

    /// The message of an unmasked frame, as `with` compresses it; the frame itself where that does
    /// not pay. What came of it is kept with the frame, for the next connection that can be sent
    /// the same.
    [[nodiscard]] frame compress(const frame& message, compressor& with) {
        auto& block = *message.block_;
        const auto key = with.shared_key();
        if (key != 0 && block.compressed_as == key)
            return block.compressed != nullptr ? frame::of(block.compressed) : message;
        const auto payload = std::string_view{block.bytes}.substr(max_header_bytes);
        frame made = take();
        auto& bytes = made.block_->bytes;
        bytes.resize(max_header_bytes);
        const bool pays = with.compress(payload, bytes);
        const bool is_kept = key != 0 && block.compressed_as == 0;
        if (is_kept) block.compressed_as = key;
        if (!pays) return message;
        const auto op = static_cast<opcode>(block.bytes[block.start] & 0x0f);
        made.block_->start = put_header(bytes, op, true);
        made.block_->subject = block.subject;
        if (is_kept) block.compressed = frame{made}.release();
        return made;
    }

    /// Likewise, of a masked frame; the new one has the same key, so that only one of the two may
    /// ever be sent. Nothing is kept with the frame.
    [[nodiscard]] frame compress_masked(const frame& message, compressor& with) {
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
        block.start = mask(block.bytes, header.op, header.mask, true);
        return made;
    }

    /// Bytes as they are.
    [[nodiscard]] frame wrap(std::string bytes) {
        frame made = take();
        made.block_->start = 0;
        made.block_->bytes = std::move(bytes);
        return made;
    }

    /// Bytes as `append(std::string&)` appends them.
    template <class Append>
    [[nodiscard]] frame wrap_with(Append&& append) {
        frame made = take();
        made.block_->start = 0;
        append(made.block_->bytes);
        return made;
    }

    [[nodiscard]] std::size_t idle_bytes() const noexcept { return idle_bytes_; }

private:
    friend class frame;

    /// Of an unmasked frame.
    static constexpr std::size_t max_header_bytes = 10;
    static constexpr std::size_t max_masked_header_bytes = max_header_bytes + sizeof(std::uint32_t);

    /// Puts a header right in front of the payload; where it begins.
    static std::size_t put_header(std::string& bytes, opcode op, bool is_compressed) {
        char header[max_frame_header_bytes];
        const std::size_t size =
            write_frame_header(header, op, bytes.size() - max_header_bytes, true, is_compressed);
        bytes.replace(max_header_bytes - size, size, header, size);
        return max_header_bytes - size;
    }

    /// Masks the payload, behind the room for a header, and puts its header right in front of it;
    /// where that begins.
    static std::size_t mask(std::string& bytes, opcode op, std::uint32_t key, bool is_compressed) {
        char* const payload = bytes.data() + max_masked_header_bytes;
        const std::size_t payload_bytes = bytes.size() - max_masked_header_bytes;
        apply_mask(payload, payload_bytes, key);
        char header[max_frame_header_bytes];
        const std::size_t size =
            write_masked_frame_header(header, op, payload_bytes, key, true, is_compressed);
        std::copy_n(header, size, payload - size);
        return max_masked_header_bytes - size;
    }

    [[nodiscard]] frame take() {
        if (idle_.empty()) return frame::of(new frame::block{this});
        auto block = std::move(idle_.back());
        idle_.pop_back();
        idle_bytes_ -= cost(*block);
        return frame::of(block.release());
    }

    void put_back(std::unique_ptr<frame::block> block) noexcept {
        if (block->compressed != nullptr)
            frame::end_ownership(std::exchange(block->compressed, nullptr));
        block->compressed_as = 0;
        block->subject = 0;
        if (idle_bytes_ + cost(*block) > max_idle_bytes_) return;
        block->bytes.clear();
        idle_bytes_ += cost(*block);
        idle_.push_back(std::move(block));
    }

    [[nodiscard]] static std::size_t cost(const frame::block& block) noexcept {
        return sizeof block + block.bytes.capacity();
    }

    std::size_t max_idle_bytes_;
    std::size_t idle_bytes_ = 0;
    std::vector<std::unique_ptr<frame::block>> idle_;
};

inline void frame::end_ownership(block* owned) noexcept {
    if (--owned->owners == 0) owned->pool->put_back(std::unique_ptr<block>{owned});
}

inline frame::~frame() {
    if (block_ != nullptr) end_ownership(block_);
}

}  // namespace millrace::websocket
