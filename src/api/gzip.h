// Text as one gzip member.
//
// Threads  any; the text is compressed before it returns: about 20 ms for a MiB.
// Source   RFC 1952.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::api {

[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace rollcall::api
