// What settings say of secondaries: keys, who may transfer a zone, who is notified.
//
// Failure  Errc::start_up with a sentence that names neither key nor flag: the caller says where the text stood.
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

// The part of a [[zone]].
struct TransferSettings {
  answer::TransferRules rules;     // `transfer_to`, `transfer_key`
  std::vector<IpEndpoint> notify;  // secondaries, told of each new serial
  friend bool operator==(const TransferSettings&, const TransferSettings&) = default;
};

// A secondary: ADDR, ADDR:PORT, [ADDR6]:PORT; port 53 where none is written.
[[nodiscard]] Result<IpEndpoint> parse_secondary(std::string_view text);

// [[key]].
void read_keys(std::vector<Section> tables, Settings& settings);
// The keys of one [[zone]] that are about transfers; after `read_keys`.
[[nodiscard]] TransferSettings read_transfers(Section& zone, const dns::TsigKeys& keys);

// The key of this name; null: none.
[[nodiscard]] const dns::TsigKey* find_key(const dns::TsigKeys& keys, const std::optional<dns::Name>& name);

}  // namespace rollcall::ops
