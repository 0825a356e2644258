// Zone files: presentation format to records. The only door to ldns.
//
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
  std::vector<Record> records;  // class IN, in the file's order
};

[[nodiscard]] Result<ZoneFile> load_zone_file(const std::filesystem::path& path, const Name& apex);

// `source` stands in messages where a file's name would.
[[nodiscard]] Result<ZoneFile> parse_zone(std::string_view text, const Name& apex, std::string_view source);

// One record's RDATA from its presentation form ("10 5 8080 i-1.web.svc.internal."), and back; for tests and
// explanations.
[[nodiscard]] Result<std::string> parse_rdata(Type type, std::string_view presentation);
[[nodiscard]] std::string rdata_text(Type type, std::string_view rdata);
[[nodiscard]] std::string type_text(Type type);  // "SRV", "TYPE65400"
// "SRV", "srv", "TYPE65400".
[[nodiscard]] Result<Type> parse_type(std::string_view text);

}  // namespace rollcall::dns
