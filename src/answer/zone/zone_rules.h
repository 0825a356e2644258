// What no server may load: the rules between the RRsets of a zone.
//
// Failure  Errc::invalid, one sentence naming the owner.
#pragma once

#include "answer/zone/static_zone.h"
#include "base/result.h"
#include "dns/name.h"

namespace rollcall::answer {

// One node by itself and against `parent`, null for the apex. Counts repeats of a record: they are dropped before.
[[nodiscard]] Result<void> check_node(const Node& node, const Node* parent, const dns::Name& apex);

}  // namespace rollcall::answer
