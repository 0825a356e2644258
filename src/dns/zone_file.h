// Zone files: presentation format to records.
//
// Shape    `$ORIGIN`, `$TTL` and `$INCLUDE`; any record type. A record without a TTL has that of `$TTL`, else the last
//          one written (RFC 1035 §5.1); an SOA that comes first, its own MINIMUM.
// Failure  Errc::malformed or Errc::invalid; the message begins with `file:line: ` wherever there is a line.
// Owner    values.
// Source   RFC 1035 §5 (master files), RFC 3597 §5 (unknown types), RFC 2308 §4 ($TTL).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/types.h"

namespace rollcall::dns {

struct Record {
  Name owner;
  Type type = Type::none;
  std::uint32_t ttl = 0;  // seconds, below 2^31 (RFC 2181 §8)
  std::string rdata;      // wire form, nothing compressed
};

struct ZoneFile {
  Name apex;
  std::vector<Record> records;  // class IN, at or below the apex, in the file's order; at least one
};

// An $INCLUDE is relative to the file it stands in; what it sets ($ORIGIN, $TTL, the last owner) ends with it.
[[nodiscard]] Result<ZoneFile> load_zone_file(const std::filesystem::path& path, const Name& apex);

// `source` stands in messages where a file's name would. There is no directory to include from: $INCLUDE is refused.
[[nodiscard]] Result<ZoneFile> parse_zone(std::string_view text, const Name& apex, std::string_view source);

}  // namespace rollcall::dns
