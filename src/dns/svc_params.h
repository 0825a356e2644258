// The SvcParams of SVCB and HTTPS records.
//
// Shape    as text `key=value`, one token each and in any order; in wire form sorted by key.
// Failure  Errc::invalid with one sentence.
// Source   RFC 9460 §2.1, §2.2, §7, §8, appendix A (lists); RFC 9461 §5 (dohpath).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace rollcall::dns {

// The wire form of the params written so. What the values of several say of each other is check_svc_params' to find.
[[nodiscard]] Result<std::string> read_svc_params(std::span<const std::string_view> tokens);

// The RDATA of a SVCB or HTTPS record: keys in order and each once, values as their keys have them, what is mandatory
// there, and `no-default-alpn` only beside `alpn`.
[[nodiscard]] Result<void> check_svc_params(Bytes rdata);

}  // namespace rollcall::dns
