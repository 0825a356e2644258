// Settings for secondary servers: TSIG keys, zone transfer ACLs, NOTIFY targets.
//
// Threads  any; values.
// Failure  Errc::start_up; the message names neither key nor flag: the caller adds the location.
// Source   docs/secondaries.md; RFC 5936 §5, RFC 8945 §8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/transfer/transfers.h"
#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "base/result.h"
#include "dns/tsig.h"

namespace rollcall::ops {

struct Settings;
class Section;

// The transfer keys of a [[zone]].
struct TransferSettings {
  answer::TransferRules rules;     // `transfer_to`, `transfer_key`
  std::vector<IpEndpoint> notify;  // secondaries that get a NOTIFY for each new serial
  friend bool operator==(const TransferSettings&, const TransferSettings&) = default;
};

// The address of a secondary: ADDR, ADDR:PORT, [ADDR6]:PORT; the default port is 53.
[[nodiscard]] Result<IpEndpoint> parse_secondary(std::string_view text);

// [[key]].
void read_keys(std::vector<Section> tables, Settings& settings);
// Reads the transfer keys of one [[zone]]; call it after `read_keys`.
[[nodiscard]] TransferSettings read_transfers(Section& zone, const dns::TsigKeys& keys);

// The TSIG key of this name; null: there is none.
[[nodiscard]] const dns::TsigKey* find_key(const dns::TsigKeys& keys, const std::optional<dns::Name>& name);

}  // namespace rollcall::ops
