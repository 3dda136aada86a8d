#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/core/hash.hpp>
#include <millrace/journal/file_journal.hpp>

namespace millrace {

namespace detail {

inline constexpr std::string_view journal_magic = "millrace journal 1\n";
inline constexpr std::size_t block_head_bytes = 12;

/// FNV-1a by words of 64 bits, the last with zeros behind it, and then the size.
[[nodiscard]] inline std::uint64_t block_hash(std::string_view block) noexcept {
    std::uint64_t state = 0xcbf29ce484222325;
    const auto add = [&state](std::uint64_t word) { state = (state ^ word) * 0x100000001b3; };
    std::size_t at = 0;
    for (; at + 8 <= block.size(); at += 8) add(load_64(block.data() + at));
    std::uint64_t rest = 0;
    std::memcpy(&rest, block.data() + at, block.size() - at);
    add(rest);
    add(block.size());
    return state;
}

[[nodiscard]] inline std::error_code system_error_now() noexcept {
    return {errno, std::generic_category()};
}

}  // namespace detail

MILLRACE_INLINE file_journal::file_journal(const std::filesystem::path& file)
    : file_{std::fopen(file.c_str(), "wbx")} {
    if (file_ == nullptr)
        throw std::system_error{detail::system_error_now(), "millrace: journal " + file.string()};
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    if (std::fwrite(detail::journal_magic.data(), 1, detail::journal_magic.size(), file_.get()) !=
        detail::journal_magic.size())
        error_ = detail::system_error_now();
}

MILLRACE_INLINE void file_journal::append(std::string_view block) {
    if (error_) return;
    if (block.size() > max_block_bytes) {
        error_ = errc::out_of_range;
        return;
    }
    std::array<char, detail::block_head_bytes> head{};
    const auto size = static_cast<std::uint32_t>(block.size());
    const std::uint64_t hash = detail::block_hash(block);
    std::memcpy(head.data(), &size, sizeof size);
    std::memcpy(head.data() + sizeof size, &hash, sizeof hash);
    if (std::fwrite(head.data(), 1, head.size(), file_.get()) != head.size() ||
        std::fwrite(block.data(), 1, block.size(), file_.get()) != block.size())
        error_ = detail::system_error_now();
}

MILLRACE_INLINE file_journal_reader::file_journal_reader(const std::filesystem::path& file)
    : file_{std::fopen(file.c_str(), "rb")} {
    const std::string what = "millrace: journal " + file.string();
    if (file_ == nullptr) throw std::system_error{detail::system_error_now(), what};
    std::string magic(detail::journal_magic.size(), '\0');
    if (!take(magic.data(), magic.size()) || magic != detail::journal_magic)
        throw std::system_error{errc::archive_corrupt, what};
    if (!read()) throw std::system_error{error_ ? error_ : errc::archive_truncated, what};
    head_ = std::move(block_);
}

MILLRACE_INLINE std::optional<std::string_view> file_journal_reader::next() {
    if (error_ || !read()) return std::nullopt;
    return block_;
}

/// False at the end, where there is no error, and at one.
MILLRACE_INLINE bool file_journal_reader::read() {
    const int first = std::fgetc(file_.get());
    if (first == EOF) {
        if (std::ferror(file_.get()) != 0) error_ = detail::system_error_now();
        return false;
    }
    std::ungetc(first, file_.get());
    std::array<char, detail::block_head_bytes> head{};
    std::uint32_t size = 0;
    std::uint64_t hash = 0;
    if (!take(head.data(), head.size())) return false;
    std::memcpy(&size, head.data(), sizeof size);
    std::memcpy(&hash, head.data() + sizeof size, sizeof hash);
    if (size > file_journal::max_block_bytes) {
        error_ = errc::archive_corrupt;
        return false;
    }
    // In steps: a size that is not true takes no more memory than the file has bytes.
    constexpr std::size_t step = std::size_t{1} << 20;
    block_.clear();
    while (block_.size() != size) {
        const std::size_t more = std::min<std::size_t>(step, size - block_.size());
        block_.resize(block_.size() + more);
        if (!take(block_.data() + block_.size() - more, more)) return false;
    }
    if (detail::block_hash(block_) != hash) error_ = errc::archive_corrupt;
    return !error_;
}

MILLRACE_INLINE bool file_journal_reader::take(char* to, std::size_t size) {
    if (std::fread(to, 1, size, file_.get()) == size) return true;
    error_ = errc::archive_truncated;
    return false;
}

}  // namespace millrace
