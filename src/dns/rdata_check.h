// Validates RDATA in wire form against the form of its type in rdata_form.cc, and finds the names in it.
//
// All RDATA from zone files passes this check before it is served, including the generic form `\# <octets> <hex>`.
//
// Threads  any; pure.
// Failure  Errc::invalid with one sentence.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/types.h"

namespace rollcall::dns {

// Names must be uncompressed. For a type that is not in rdata_form.cc, any octets are valid.
[[nodiscard]] Result<void> check_rdata(Type type, std::string_view rdata);

// The RDATA with its names in lower case (RFC 4343 §3), so that equal records have equal octets.
[[nodiscard]] std::string fold_names(Type type, std::string_view rdata);

}  // namespace rollcall::dns
