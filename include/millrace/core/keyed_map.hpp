#pragma once

#include <tsl/robin_map.h>

#include <millrace/core/hash.hpp>

namespace millrace {

/// The container of all keyed state: open addressing, looked up by `std::string_view` without
/// making a string. Pointers into it are good until the next insertion or erasure.
template <class Key, class Value>
using keyed_map = tsl::robin_map<Key, Value, key_hash, key_equal>;

}  // namespace millrace
