// Parses the text of a LOC record: a geographic location, in degrees and metres.
//
// Shape    degrees [minutes [seconds]] N|S, the same E|W, altitude [size [horizontal [vertical precision]]]; metres may
//          end in `m`. Seconds have three decimals at most, metres two.
// Failure  Errc::invalid with one sentence.
// Source   RFC 1876 §2, §3.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::dns {

[[nodiscard]] Result<std::string> read_location(std::span<const std::string_view> tokens);

}  // namespace rollcall::dns
