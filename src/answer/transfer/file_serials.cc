#include "answer/transfer/file_serials.h"

#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "answer/transfer/record_set.h"
#include "answer/transfer/zone_records.h"
#include "base/check.h"
#include "dns/serial.h"

namespace rollcall::answer {
namespace {

// What the file itself says, without the SOA.
RecordSet file_records(const Zone& zone) {
  std::vector<std::string> records;
  zone.records.for_each_node([&](const Node& node) {
    for (const RRset& rrset : node.rrsets) {
      if (rrset.type == dns::Type::soa) continue;
      for (const std::string& rdata : rrset.rdatas) {
        records.push_back(make_wire_record(node.owner.wire(), rrset.type, rrset.ttl, octets(rdata)));
      }
    }
  });
  return RecordSet(std::move(records));
}

bool differ(const RecordSet& present, const RecordSet& wanted) {
  std::vector<WireRecord> removed;
  std::vector<WireRecord> added;
  append_difference(&present, &wanted, removed, added);
  return !removed.empty() || !added.empty();
}

// But for the serial.
bool has_changed(const Zone& present, const Zone& wanted) {
  return differ(soa_record(present, 0), soa_record(wanted, 0)) || differ(file_records(present), file_records(wanted));
}

Result<void> check_file_serial(const Zone& present, const Zone& wanted) {
  const dns::Serial is = present.records.serial();
  const dns::Serial will_be = wanted.records.serial();
  if (dns::is_newer(will_be, is)) return {};
  const std::string apex = present.records.apex().text_without_dot();
  if (will_be != is) {
    return failure(Errc::invalid,
                   fmt::format("the serial {} in the zone file of {} is older than {}, which the nodes of the cluster "
                               "have shown: choose a newer one",
                               will_be, apex, is));
  }
  if (!has_changed(present, wanted)) return {};
  return failure(Errc::invalid, fmt::format("the zone file of {} has changed, and its serial {} has not: in a cluster "
                                            "each change needs a newer serial in the file",
                                            apex, is));
}

}  // namespace

Result<void> check_file_serials(const ZoneTable& present, std::span<const Zone> wanted) {
  check(present.zones().size() == wanted.size(), "the zones of a reload are those that are served");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (Result<void> checked = check_file_serial(present.zones()[i], wanted[i]); !checked) return checked;
  }
  return {};
}

}  // namespace rollcall::answer
