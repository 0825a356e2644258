// What no server may load: the rules between the RRsets of a zone.
//
// Failure  Errc::invalid, one sentence naming the owner.
#pragma once

#include "answer/static_zone.h"
#include "base/result.h"
#include "dns/name.h"

namespace rollcall::answer {

// One node by itself and against `parent`, which has been checked before it; null for the apex.
[[nodiscard]] Result<void> check_node(const Node& node, const Node* parent, const dns::Name& apex);

}  // namespace rollcall::answer
