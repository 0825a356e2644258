// A key, a prefix or a list of the store as what a call waits for.
//
// Owner    the store outlives it.
// Source   base/awaited.h.
#pragma once

#include <memory>

#include "base/awaited.h"
#include "kv/key_values.h"

namespace rollcall::kv {

// Until the topic is at another index than `known`.
[[nodiscard]] std::unique_ptr<Awaited> await(const KeyValues& keys, Topic topic, Index known);

}  // namespace rollcall::kv
