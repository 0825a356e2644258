// Types and RDATA between presentation format and wire form. Texts are read by RdataReader; they are written by ldns, and
// only where they are read back as the same octets.
//
// Shape    RDATA is wire form, nothing compressed, names in the case they were written in.
// Failure  Errc::invalid with one sentence; nobody here knows of files and lines.
// Source   RFC 1035 §5.1, RFC 3597 §5 (unknown types), RFC 9460 §2 (SVCB).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

// One record's RDATA from its presentation form ("10 5 8080 i-1.web.svc.internal."), and back; for tests and
// explanations. A name without the final dot is below `origin`. RDATA that is not of its type, or of one that
// rdata_form.cc has no line for, comes back as RFC 3597's `\# 4 DEADBEEF`.
[[nodiscard]] Result<std::string> parse_rdata(Type type, std::string_view presentation, const Name& origin = Name());
[[nodiscard]] std::string rdata_text(Type type, std::string_view rdata);

// The same from tokens as ZoneText cuts them.
[[nodiscard]] Result<std::string> parse_rdata_tokens(Type type, std::span<const std::string_view> tokens,
                                                     const Name& origin);

[[nodiscard]] std::string type_text(Type type);  // "SRV", "TYPE65400"
// "SRV", "srv", "TYPE65400".
[[nodiscard]] Result<Type> parse_type(std::string_view text);

// A type of questions and of the protocol itself, which no zone holds: OPT, ANY, AXFR … (RFC 6895 §3.1).
[[nodiscard]] bool is_meta_type(Type type);

}  // namespace rollcall::dns
