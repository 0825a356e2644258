// The body of `POST /v1/heartbeats` as programs write it, read in place: no tree, no copy, no allocation for an element.
//
//   {"instances":[{"service":"web","id":"web-1"},{"service":"web","id":"web-2"}]}
//
// Shape    blanks where JSON has them, the two members in either order, names as the roll keeps them. The texts borrow
//          from the body.
// Rule     accepts a subset of what parse_instance_keys (fields.h) accepts, with the same result. Everything else, right or
//          wrong, is left to that function: escapes, capitals, zones, mistakes.
#pragma once

#include <string_view>
#include <vector>

#include "registry/instance/instance.h"

namespace rollcall::api::native {

// Appends the instances, all in `zone`. False: the body has another form; discard what was appended.
[[nodiscard]] bool read_plain_keys(std::string_view body, registry::ZoneId zone,
                                   std::vector<registry::InstanceRef>& into);

}  // namespace rollcall::api::native
