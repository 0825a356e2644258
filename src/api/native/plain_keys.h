// The body of `POST /v1/heartbeats` as programs write it, read in place: no tree, no copy, no allocation for an element.
//
//   {"instances":[{"service":"web","id":"web-1"},{"service":"web","id":"web-2"}]}
//
// Shape    blanks where JSON has them, the two members in either order, names as the roll keeps them. The texts borrow
//          from the body.
// Rule     what is taken here fields.h (`parse_instance_keys`) takes as well, to the same keys. Everything else, right or
//          wrong, is for that one: escapes, capitals, zones, mistakes.
#pragma once

#include <string_view>
#include <vector>

#include "registry/instance.h"

namespace rollcall::api::native {

// Appends the instances, all in `zone`. False: the body is something else; what was appended means nothing.
[[nodiscard]] bool read_plain_keys(std::string_view body, registry::ZoneId zone,
                                   std::vector<registry::InstanceRef>& into);

}  // namespace rollcall::api::native
