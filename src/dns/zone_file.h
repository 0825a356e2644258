// Parses zone files (presentation format) to records.
//
// Shape    `$ORIGIN`, `$TTL` and `$INCLUDE`; any record type. A record without a TTL gets that of `$TTL`, or else the
//          last explicit TTL (RFC 1035 §5.1). An SOA without either gets its own MINIMUM.
// Owner    values.
// Threads  any; reads files, so never while answering a query.
// Failure  Errc::malformed or Errc::invalid; the message begins with `file:line: ` if the error has a line.
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

// The path of an $INCLUDE is relative to the file that contains it. $ORIGIN, $TTL and the last owner of an included
// file do not apply to the including file.
[[nodiscard]] Result<ZoneFile> load_zone_file(const std::filesystem::path& path, const Name& apex);

// Error messages use `source` as the file's name. $INCLUDE is refused, because there is no directory to include from.
[[nodiscard]] Result<ZoneFile> parse_zone(std::string_view text, const Name& apex, std::string_view source);

}  // namespace rollcall::dns
