// PTR sets that are not of one service: the types of a zone, the instances at an address, the domain to browse.
//
// Shape    one RRset of the owner. Each record comes with the moment until which it is surely true; the set's TTL is min(the
//          zone's TTL, whole seconds until the earliest of them), one value for all (RFC 2181 §5.2).
// Cost     what a message holds: a walk ends when what has been collected fills it, and after k_ptr_visits_max of whatever it
//          comes by. TC says then that there is more. Nothing is allocated.
// Owner    lives for one call; borrows everything.
// Threads  one query, one worker; under the caller's ReadLock.
// Source   RFC 6763 §9, §11; RFC 1035 §3.5.
#pragma once

#include <cstddef>
#include <cstdint>

#include "answer/encode/section_list.h"
#include "answer/roster/service_types.h"
#include "answer/zone/reverse_names.h"
#include "base/bytes.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

class PtrCollector {
 public:
  PtrCollector(SectionList& sections, const Owner& owner, std::uint32_t ttl_seconds, registry::LeaseTime now);

  // `_S._P.Z` of every service that is ready. `apex`: wire form of Z; it stays until the message is written.
  void put_types(const ServiceTypes& types, Bytes apex);
  // `I.S.Z` of every instance at the address whose lease goes on.
  void put_targets(const ReverseName& name);
  void put_one(Bytes target);

 private:
  // Each: false: no more.
  bool visit();
  bool list_types_of(const ServiceAnswers& answers);
  bool list(Bytes target, std::size_t bytes_min, registry::LeaseTime end);
  void put_listed(Bytes suffix = {});

  SectionList& sections_;
  const Owner owner_;
  const registry::LeaseTime now_;
  const registry::LeaseTime full_;  // when the zone's TTL would be over
  const std::size_t first_;         // of the list
  registry::LeaseTime earliest_;
  std::size_t visited_ = 0;
  std::size_t bytes_min_ = 0;  // of the records listed
};

}  // namespace rollcall::answer
