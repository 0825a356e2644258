// The SvcParams of SVCB and HTTPS records.
//
// Shape    as text: `key=value`, one token per parameter, in any order; in wire form: sorted by key.
// Threads  any; pure.
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

// Converts the parameters to wire form. Does not check rules between parameters; check_svc_params does.
[[nodiscard]] Result<std::string> read_svc_params(std::span<const std::string_view> tokens);

// Validates the RDATA of an SVCB or HTTPS record: keys sorted and unique, each value valid for its key, all mandatory
// keys present, and `no-default-alpn` only together with `alpn`.
[[nodiscard]] Result<void> check_svc_params(Bytes rdata);

}  // namespace rollcall::dns
