// The body of a request, read as one JSON object.
//
// Shape    values live in the memory given; a body is 64 KiB at most (1 MiB for a batch), so the tree is bounded too.
// Failure  Errc::malformed with the byte at which the text stops being JSON (the first byte is 0), for trailing text,
//          for nesting beyond k_json_depth_max, and for anything that is not an object. Errc::invalid for a name that
//          an object has twice; the field is its path ("meta.version", "instances[3].id").
// Source   RFC 8259. §4 leaves repeated names to the receiver: here nobody has to guess which one counts.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <string_view>

#include "base/result.h"

namespace rollcall::json {

// `expected` completes "the body must be …" when there is none, or something else.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view body, std::string_view expected,
                                                       boost::json::storage_ptr memory = {});

}  // namespace rollcall::json
