// Converts types and RDATA between presentation format and wire form. RdataReader parses text. ldns writes text, which
//          is
// used only if RdataReader parses it back to the same octets.
//
// Shape    RDATA is wire form, nothing compressed, names in the case they were written in.
// Threads  any; pure.
// Failure  Errc::invalid with one sentence; the caller adds file and line.
// Source   RFC 1035 §5.1, RFC 3597 §5 (unknown types), RFC 9460 §2 (SVCB).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

// Converts one record's RDATA from presentation form ("10 5 8080 i-1.web.svc.internal.") to wire form and back; for
//          tests
// and explanations. A name without the final dot is relative to `origin`. RDATA that is invalid for its type, or of a
// type that is not in rdata_form.cc, is written in the generic form of RFC 3597: `\# 4 DEADBEEF`.
[[nodiscard]] Result<std::string> parse_rdata(Type type, std::string_view presentation, const Name& origin = Name());
[[nodiscard]] std::string rdata_text(Type type, std::string_view rdata);

// The same for tokens from ZoneText.
[[nodiscard]] Result<std::string> parse_rdata_tokens(Type type, std::span<const std::string_view> tokens,
                                                     const Name& origin);

[[nodiscard]] std::string type_text(Type type);  // "SRV", "TYPE65400"
// "SRV", "srv", "TYPE65400".
[[nodiscard]] Result<Type> parse_type(std::string_view text);

// Whether it is a QTYPE or meta-type, which cannot be in a zone: OPT, ANY, AXFR … (RFC 6895 §3.1).
[[nodiscard]] bool is_meta_type(Type type);

}  // namespace rollcall::dns
