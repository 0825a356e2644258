// From what one of Consul's names means to references (section_list.h): addresses, SRV records, and what stands beside them.
//
// TTL      min(one second, or what a prepared query says; whole seconds left of the earliest lease in the RRset).
// Order    fresh for each answer, by weight; where not all of it fits, always the same records.
// Cost     who is in is found by a look at each instance of the service; what is written ends where the message is full.
// Owner    lives for one call; borrows everything.
// Threads  one worker, under its ReadLock.
// Source   docs/consul-dns.md; RFC 2782.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "answer/consul/consul_names.h"
#include "answer/encode/section_list.h"
#include "answer/roster/member_order.h"
#include "base/random.h"

namespace rollcall::answer {

class ConsulCollector {
 public:
  // `is_given`: false when nobody will get the answer, and so no cache will hold it.
  ConsulCollector(const ConsulNames& names, const ConsulFound& found, SectionList& sections, registry::LeaseTime now,
                  Random& random, Scratch& scratch, bool is_given)
      : names_(names),
        found_(found),
        sections_(sections),
        now_(now),
        random_(random),
        scratch_(scratch),
        is_given_(is_given) {}

  // Of a service or a query: finds who is in. False: nobody.
  [[nodiscard]] bool find_members();

  // True: at least one record.
  bool put_addresses(const Owner& owner, Family family);
  bool put_srv(const Owner& owner);
  bool put_txt(const Owner& owner);

  // An alias to be put instead of addresses, where nobody has one and somebody has the name of a host: its target stays until
  // the message is written.
  struct Alias {
    Bytes target;
    std::uint32_t ttl = 0;
  };
  [[nodiscard]] std::optional<Alias> choose_alias();

 private:
  [[nodiscard]] const Member& member(std::uint32_t position) const { return found_.answers->member(position); }
  [[nodiscard]] ConsulPlace place_of(std::uint32_t position) const;
  [[nodiscard]] std::uint16_t weight_of(std::uint32_t position) const;
  [[nodiscard]] std::uint32_t ttl_of(registry::LeaseTime earliest) const;
  [[nodiscard]] std::uint32_t ttl_of_members() const;
  void note_given(std::uint32_t ttl) const;
  [[nodiscard]] std::size_t limit(std::size_t count) const;
  bool put_one(const Owner& owner, Family family, Bytes octets);
  [[nodiscard]] Bytes keep_srv(std::uint32_t position, const ConsulPlace& place, bool is_weightless);
  [[nodiscard]] bool is_listed(std::size_t first, Bytes rdata) const;
  void put_target(Bytes target, const ConsulPlace& place, std::uint32_t ttl);

  const ConsulNames& names_;
  const ConsulFound& found_;
  SectionList& sections_;
  const registry::LeaseTime now_;
  Random& random_;
  Scratch& scratch_;
  const bool is_given_;
  const ServiceFacts* facts_ = nullptr;
  std::size_t targets_ = 0;  // in the additional section
};

}  // namespace rollcall::answer
