#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/mask.hpp>
#include <millrace/websocket/message_buffer.hpp>

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
        return block_->all().substr(block_->start);
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }

    /// Frames of one subject, other than 0, are of interest only until the next one of it.
    [[nodiscard]] std::uint64_t subject() const noexcept {
        return block_ != nullptr ? block_->subject : 0;
    }
    void set_subject(std::uint64_t subject) noexcept { block_->subject = subject; }

    /// Its memory, divided among those who have a copy.
    [[nodiscard]] std::size_t shared_bytes() const noexcept {
        return block_ != nullptr ? block_->counted_bytes / block_->owners : 0;
    }

private:
    friend class frame_pool;

    struct block;

    /// The message as all with one `compressor::shared_key` can be sent it.
    struct form {
        std::uint64_t shared_key;
        block* compressed;  ///< of which this is an owner; null: it does not pay
    };

    struct block {
        frame_pool* pool;
        std::size_t start = 0;
        std::size_t owners = 0;
        std::string bytes{};
        message_buffer large{};  ///< instead of `bytes`, for a long payload
        std::uint64_t subject = 0;
        std::size_t counted_bytes = 0;  ///< in its pool's `used_bytes` or `idle_bytes`
        std::vector<form> forms{};

        [[nodiscard]] std::string_view all() const noexcept {
            return large.empty() ? std::string_view{bytes} : large.view();
        }
        [[nodiscard]] std::size_t memory_bytes() const noexcept {
            return sizeof *this + bytes.capacity() + large.capacity();
        }
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
        block.start = put_header(block.bytes.data(), block.bytes.size(), op, false);
        count(block);
        return made;
    }

    [[nodiscard]] frame make(opcode op, std::string_view payload);

    /// Likewise, masked by `key` as a client sends it. The key must come from a strong source of
    /// entropy, a new one for each frame (RFC 6455, section 5.3); it is written as it lies in
    /// memory.
    template <class Append>
    [[nodiscard]] frame make_with(opcode op, std::uint32_t key, Append&& append) {
        frame made = take();
        auto& block = *made.block_;
        block.bytes.resize(max_masked_header_bytes);
        append(block.bytes);
        block.start = mask(block.bytes.data(), block.bytes.size(), op, key, false);
        count(block);
        return made;
    }

    [[nodiscard]] frame make(opcode op, std::uint32_t key, std::string_view payload);

    /// The message of an unmasked frame, as `with` compresses it; the frame itself where that does
    /// not pay. What came of it is kept with the frame, for the next connection that can be sent
    /// the same: up to `max_forms` of them. Who would need one more gets the frame itself.
    [[nodiscard]] frame compress(const frame& message, compressor& with);

    /// Likewise, of a masked frame; the new one has the same key, so that only one of the two may
    /// ever be sent. Nothing is kept with the frame.
    [[nodiscard]] frame compress_masked(const frame& message, compressor& with);

    /// Bytes as they are.
    [[nodiscard]] frame wrap(std::string bytes) {
        frame made = take();
        made.block_->start = 0;
        made.block_->bytes = std::move(bytes);
        count(*made.block_);
        return made;
    }

    /// Bytes as `append(std::string&)` appends them.
    template <class Append>
    [[nodiscard]] frame wrap_with(Append&& append) {
        frame made = take();
        made.block_->start = 0;
        append(made.block_->bytes);
        count(*made.block_);
        return made;
    }

    /// The memory of frames that somebody holds, each counted once.
    [[nodiscard]] std::size_t used_bytes() const noexcept { return used_bytes_; }
    [[nodiscard]] std::size_t idle_bytes() const noexcept { return idle_bytes_; }

    static constexpr std::size_t max_forms = 4;

private:
    friend class frame;

    /// Of an unmasked frame.
    static constexpr std::size_t max_header_bytes = 10;
    static constexpr std::size_t max_masked_header_bytes = max_header_bytes + sizeof(std::uint32_t);

    /// Puts a header right in front of the payload; where it begins.
    static std::size_t put_header(char* bytes, std::size_t size, opcode op, bool is_compressed) {
        char header[max_frame_header_bytes];
        const std::size_t header_bytes =
            write_frame_header(header, op, size - max_header_bytes, true, is_compressed);
        std::copy_n(header, header_bytes, bytes + max_header_bytes - header_bytes);
        return max_header_bytes - header_bytes;
    }

    /// Masks the payload, behind the room for a header, and puts its header right in front of it;
    /// where that begins.
    static std::size_t mask(char* bytes, std::size_t size, opcode op, std::uint32_t key,
                            bool is_compressed) {
        char* const payload = bytes + max_masked_header_bytes;
        const std::size_t payload_bytes = size - max_masked_header_bytes;
        apply_mask(payload, payload_bytes, key);
        char header[max_frame_header_bytes];
        const std::size_t header_bytes =
            write_masked_frame_header(header, op, payload_bytes, key, true, is_compressed);
        std::copy_n(header, header_bytes, payload - header_bytes);
        return max_masked_header_bytes - header_bytes;
    }

    [[nodiscard]] frame take() {
        if (idle_.empty()) {
            frame made = frame::of(new frame::block{this});
            count(*made.block_);
            return made;
        }
        auto block = std::move(idle_.back());
        idle_.pop_back();
        idle_bytes_ -= block->counted_bytes;
        used_bytes_ += block->counted_bytes;
        return frame::of(block.release());
    }

    /// With room for a header in front of the payload.
    [[nodiscard]] frame take_large(std::size_t room, std::string_view payload);

    void put_back(std::unique_ptr<frame::block> block) noexcept {
        for (const auto& each : block->forms)
            if (each.compressed != nullptr) frame::end_ownership(each.compressed);
        block->forms.clear();
        block->subject = 0;
        used_bytes_ -= block->counted_bytes;
        block->large = {};
        block->counted_bytes = block->memory_bytes();
        if (idle_bytes_ + block->counted_bytes > max_idle_bytes_) return;
        block->bytes.clear();
        idle_bytes_ += block->counted_bytes;
        idle_.push_back(std::move(block));
    }

    /// Of a frame in use, whose bytes have been written.
    void count(frame::block& block) noexcept {
        const std::size_t bytes = block.memory_bytes();
        used_bytes_ += bytes - block.counted_bytes;
        block.counted_bytes = bytes;
    }

    std::size_t max_idle_bytes_;
    std::size_t idle_bytes_ = 0;
    std::size_t used_bytes_ = 0;
    std::vector<std::unique_ptr<frame::block>> idle_;
};

inline void frame::end_ownership(block* owned) noexcept {
    if (--owned->owners == 0) owned->pool->put_back(std::unique_ptr<block>{owned});
}

inline frame::~frame() {
    if (block_ != nullptr) end_ownership(block_);
}

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/frame.ipp>
#endif
