// The names one look-up went through, and what decided about each. A Resolution that is given a Trace fills it.
//
// Shape    one stop for each name: the question's, then the targets of aliases.
// Owner    the Explainer; borrows zones and services, under its ReadLock.
// Threads  one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "answer/consul/consul_names.h"
#include "answer/roster/roster.h"
#include "answer/zone/static_zone.h"
#include "answer/zone/zones.h"
#include "dns/name.h"

namespace rollcall::answer {

// What decides about a name.
enum class Rule : std::uint8_t {
  service,             // `S.Z`, `_S._P.Z`
  tag,                 // `T.S.Z`
  instance,            // `I.S.Z`, `I._S._P.Z`
  subtype,             // `_T._sub._S._P.Z`
  dns_sd,              // the other names of RFC 6763, and PTR at `_S._P.Z`
  reverse,             // an instance's address
  static_record,       // the zone file
  wildcard,            // the zone file, RFC 4592
  delegation,          // the zone file, RFC 1034 §4.3.2 3b
  cname,               // the zone file, RFC 1034 §4.3.2 3a
  dname,               // the zone file, RFC 6672
  node,                // `N.node` of Consul's names, as the next two
  address,             // `c0000201.addr`
  query,               // `Q.query`
  empty_non_terminal,  // no records, but names below (RFC 8020 §2)
  nothing,             // no such name
  outside,             // in none of our zones
};
[[nodiscard]] std::string_view to_text(Rule rule);  // "empty_non_terminal"; "static" for static_record

struct Stop {
  Rule rule = Rule::nothing;
  const Zone* zone = nullptr;  // null: outside
  dns::Name name;              // folded
  RosterName found;
  std::size_t first_record = 0;  // of this stop's in the answer section; they end where the next stop's begin
  std::optional<registry::ZoneId> datacenter = {};  // of Consul's names
};

class Trace {
 public:
  void arrive(const Zone& zone, const dns::QuestionName& name, const RosterName& found, std::size_t first_record);
  // One of Consul's names.
  void arrive(const Zone& zone, const dns::QuestionName& name, const ConsulFound& found, std::size_t first_record);
  // The last stop is a matter of the zone file.
  void find(const StaticAnswer& found);
  // An alias leads out of our zones.
  void leave(const dns::QuestionName& name, std::size_t first_record);

  [[nodiscard]] const std::vector<Stop>& stops() const { return stops_; }

 private:
  std::vector<Stop> stops_;
};

}  // namespace rollcall::answer
