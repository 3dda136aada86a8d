#pragma once

#include <unordered_map>

#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// A map whose keys strangers choose, off the hot path: its hash is seeded, it grows by how many
/// keys there are, never by how they lie, and it is looked up by `std::string_view` without making
/// a string.
template <class Key, class Value>
using keyed_map = std::unordered_map<Key, Value, key_hash, key_equal>;

}  // namespace millrace::detail
