#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/error.hpp>

namespace millrace {

class output_archive;
class input_archive;

/// State that one member function template both saves and loads:
///
///     template <class Archive>
///     void archive(Archive& ar) { ar.version(1); ar(count_, mean_); }
template <class T>
concept archivable = requires(T& state, output_archive& out, input_archive& in) {
    state.archive(out);
    state.archive(in);
};

namespace detail {

static_assert(std::endian::native == std::endian::little,
              "the archive's byte order is little-endian; big-endian machines need a swap here");

template <class T>
concept raw_number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
concept map_like = requires(T& map) {
    typename T::key_type;
    typename T::mapped_type;
    map.clear();
};

template <class T>
concept sequence = requires(T& list) {
    typename T::value_type;
    list.resize(1);
    list.data();
};

template <class T>
concept fixed_array = requires(T& list) {
    std::tuple_size<T>::value;
    list.data();
};

}  // namespace detail

/// Writes state as bytes: numbers little-endian, lengths as 64 bits, no padding.
class output_archive {
public:
    static constexpr bool is_loading = false;

    template <class... T>
    void operator()(T&... state) {
        (write(state), ...);
    }

    /// Marks the layout of what follows; returns it.
    unsigned version(std::uint8_t current) {
        write(current);
        return current;
    }

    /// Refuses a state that cannot be; a saved one always can.
    void require(bool) noexcept {}

    [[nodiscard]] bool ok() const noexcept { return true; }

    /// As a std::string.
    void text(std::string_view value) {
        write(std::uint64_t{value.size()});
        bytes_.append(value);
    }

    /// Forgets what was written, but keeps the memory.
    void clear() noexcept { bytes_.clear(); }

    [[nodiscard]] const std::string& bytes() const& noexcept { return bytes_; }
    [[nodiscard]] std::string bytes() && noexcept { return std::move(bytes_); }

private:
    template <class T>
    void write(const T& state) {
        if constexpr (archivable<T>) {
            const_cast<T&>(state).archive(*this);  // saving changes nothing
        } else if constexpr (detail::raw_number<T>) {
            bytes_.append(reinterpret_cast<const char*>(&state), sizeof state);
        } else if constexpr (std::same_as<T, std::string>) {
            text(state);
        } else if constexpr (requires { state.time_since_epoch(); }) {
            write(state.time_since_epoch().count());
        } else if constexpr (requires {
                                 typename T::period;
                                 state.count();
                             }) {
            write(state.count());
        } else if constexpr (detail::map_like<T>) {
            write(std::uint64_t{state.size()});
            for (const auto& [key, value] : state) {
                write(key);
                write(value);
            }
        } else if constexpr (requires { state.has_value(); }) {
            write(state.has_value());
            if (state) write(*state);
        } else if constexpr (detail::fixed_array<T>) {
            for (const auto& each : state) write(each);
        } else if constexpr (detail::sequence<T>) {
            write(std::uint64_t{state.size()});
            for (const auto& each : state) write(each);
        } else {
            std::apply([this](const auto&... each) { (this->write(each), ...); }, state);
        }
    }

    std::string bytes_;
};

/// Reads what an `output_archive` wrote. After the first error nothing more is read and `error()`
/// says what it was; a length is checked against the bytes that are left before anything is
/// allocated, so that a damaged archive cannot exhaust memory.
class input_archive {
public:
    static constexpr bool is_loading = true;

    explicit input_archive(std::string_view bytes) noexcept : rest_{bytes} {}

    template <class... T>
    void operator()(T&... state) {
        (read(state), ...);
    }

    /// The layout of what follows; an error when it is newer than `current`, or zero.
    unsigned version(std::uint8_t current) {
        std::uint8_t stored = 0;
        read(stored);
        if (ok() && stored == 0) fail(errc::archive_corrupt);
        if (ok() && stored > current) fail(errc::archive_version);
        return stored;
    }

    /// For an `archive` function to refuse values that the type can never hold.
    void require(bool holds) noexcept {
        if (!holds) fail(errc::archive_corrupt);
    }

    /// A text, where it stands: it lives as long as the bytes that are read.
    [[nodiscard]] std::string_view text() {
        const std::size_t size = read_count();
        const std::string_view found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }

    [[nodiscard]] bool ok() const noexcept { return !error_; }
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    [[nodiscard]] std::size_t bytes_left() const noexcept { return rest_.size(); }

private:
    void fail(errc code) noexcept {
        if (!error_) error_ = code;
    }

    [[nodiscard]] bool take(void* to, std::size_t size) noexcept {
        if (error_) return false;
        if (rest_.size() < size) {
            fail(errc::archive_truncated);
            return false;
        }
        std::memcpy(to, rest_.data(), size);
        rest_.remove_prefix(size);
        return true;
    }

    /// A count of elements, each of which takes at least a byte.
    [[nodiscard]] std::size_t read_count() {
        std::uint64_t count = 0;
        read(count);
        if (count > rest_.size()) fail(errc::archive_truncated);
        return ok() ? static_cast<std::size_t>(count) : 0;
    }

    template <class T>
    void read(T& state) {
        if (error_) return;
        if constexpr (archivable<T>) {
            state.archive(*this);
        } else if constexpr (std::same_as<T, bool>) {
            std::uint8_t byte = 0;
            if (take(&byte, 1)) require(byte <= 1);
            state = byte == 1;
        } else if constexpr (detail::raw_number<T>) {
            (void)take(&state, sizeof state);
        } else if constexpr (std::same_as<T, std::string>) {
            state.assign(text());
        } else if constexpr (requires { state.time_since_epoch(); }) {
            typename T::rep count{};
            read(count);
            state = T{typename T::duration{count}};
        } else if constexpr (requires {
                                 typename T::period;
                                 state.count();
                             }) {
            typename T::rep count{};
            read(count);
            state = T{count};
        } else if constexpr (detail::map_like<T>) {
            state.clear();
            for (std::size_t left = read_count(); left > 0 && ok(); --left) {
                typename T::key_type key{};
                typename T::mapped_type value{};
                read(key);
                read(value);
                if (ok()) require(state.emplace(std::move(key), std::move(value)).second);
            }
        } else if constexpr (requires { state.has_value(); }) {
            bool engaged = false;
            read(engaged);
            state.reset();
            if (engaged && ok()) read(state.emplace());
        } else if constexpr (detail::fixed_array<T>) {
            for (auto& each : state) read(each);
        } else if constexpr (detail::sequence<T>) {
            state.clear();
            for (std::size_t left = read_count(); left > 0 && ok(); --left) {
                typename T::value_type value{};
                read(value);
                if (ok()) state.push_back(std::move(value));
            }
        } else {
            std::apply([this](auto&... each) { (this->read(each), ...); }, state);
        }
    }

    std::string_view rest_;
    std::error_code error_;
};

/// The state's bytes.
template <class T>
[[nodiscard]] std::string save(const T& state) {
    output_archive ar;
    ar(state);
    return std::move(ar).bytes();
}

/// Replaces `state` by what `save` wrote. On an error, which includes bytes left over, `state`
/// is as it was; but what cannot be copied holds what was read so far. Where bytes are left over,
/// its `reject_loaded()` is called, if it has that: a running pipeline takes no call from then on.
template <class T>
[[nodiscard]] std::error_code load(std::string_view bytes, T& state) {
    input_archive ar{bytes};
    const auto read_into = [&](T& to) -> std::error_code {
        ar(to);
        if (!ar.ok()) return ar.error();
        if (ar.bytes_left() == 0) return {};
        if constexpr (requires { to.reject_loaded(); }) to.reject_loaded();
        return errc::archive_corrupt;
    };
    if constexpr (std::copyable<T>) {
        T loaded = state;
        const std::error_code error = read_into(loaded);
        if (!error) state = std::move(loaded);
        return error;
    } else {
        return read_into(state);
    }
}

}  // namespace millrace
