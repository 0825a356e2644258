// Zone files as a person would write them, one line a record.
#pragma once

#include <string>
#include <vector>

#include "dns/rdata.h"
#include "dns/zone_file.h"

namespace rollcall::dns::testing {

inline const Name k_apex = *Name::parse("c.test.");

// Every record as one line, or what was wrong.
inline std::vector<std::string> lines_of(const Result<ZoneFile>& zone) {
  if (!zone) return {zone.error().message};
  std::vector<std::string> lines;
  for (const Record& record : zone->records) {
    lines.push_back(record.owner.text() + " " + std::to_string(record.ttl) + " " + type_text(record.type) + " " +
                    rdata_text(record.type, record.rdata));
  }
  return lines;
}

}  // namespace rollcall::dns::testing
