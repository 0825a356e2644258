// Whether ldns reads a message too. Apart, because ldns' headers define words of C++.
#pragma once

#include "base/bytes.h"

namespace rollcall::fuzz {

[[nodiscard]] bool is_readable_by_ldns(Bytes message);

}  // namespace rollcall::fuzz
