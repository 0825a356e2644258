// RDATA in wire form: whether it is what its type's line in rdata_form.cc says, and where its names are.
//
// Whatever a text or `\# <octets> <hex>` came to passes here before it is served.
//
// Failure  Errc::invalid with one sentence.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/types.h"

namespace rollcall::dns {

// Names uncompressed. A type without a line may hold anything.
[[nodiscard]] Result<void> check_rdata(Type type, std::string_view rdata);

// The RDATA with its names in lower case (RFC 4343 §3): of two that are the same record, the same octets.
[[nodiscard]] std::string fold_names(Type type, std::string_view rdata);

}  // namespace rollcall::dns
