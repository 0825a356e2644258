// The zones this server is authoritative for: their records, and how their services are answered.
//
// Shape    a ZoneTable is one generation of all zones, replaced as a whole by a reload; a ZoneId stays with its name.
// Owner    Zones owns the current generation; an old one is freed after its last reader.
// Threads  readers under rcu::ReadLock; `replace` one thread at a time.
// Source   RFC 1034 §4.3.2 step 2: the nearest zone that encloses the name.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answer/zone/policy.h"
#include "answer/zone/reverse_space.h"
#include "answer/zone/static_zone.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "dns/serial.h"
#include "registry/ports/ports.h"

namespace rollcall::answer {

class ConsulNames;  // answer/consul/consul_names.h

struct Zone {
  registry::ZoneId id{};
  StaticZone records;
  AnswerPolicy policy;
  std::size_t apex_labels = 0;        // set by the ZoneTable, as are the next two
  std::string_view folded_apex = {};  // wire form
  bool has_zones_below = false;       // another zone of the table is inside this one; set by the ZoneTable as well
  bool is_reverse = false;            // below in-addr.arpa or ip6.arpa: PTR of instances, and no services
  std::optional<ReverseSpace> reverse = {};  // of a reverse zone: its addresses; set by the ZoneTable
  // What every SOA of the zone shows: the file's serial is only where it begins. Set by Zones.
  const std::atomic<dns::Serial>* serial = nullptr;
  // What answers in the zone of Consul's names. Such a zone is beside the others: it has no ZoneId, no registrations and no
  // transfer, and its serial is its own. Null: a zone as the others.
  const ConsulNames* consul = nullptr;
};

// Whether a reverse zone's file speaks for the name itself, so that the roll does not. The top of a zone of one address is
// that address too: its SOA and NS say nothing about who has it.
[[nodiscard]] bool is_told_by_file(const Zone& zone, const dns::QuestionName& name) noexcept;

class ZoneTable final : public rcu::Entry {
 public:
  // The zone's place in the list is its ZoneId. At least one, no name twice. `made`: one more that names can be in, but that
  // is not in the list; it is borrowed.
  explicit ZoneTable(std::vector<Zone> zones, const Zone* made = nullptr);

  [[nodiscard]] const std::vector<Zone>& zones() const { return zones_; }
  // The nearest enclosing zone; null: none, REFUSED.
  [[nodiscard]] const Zone* find_enclosing(const dns::QuestionName& name) const noexcept;
  // The zone that answers this type at the name: the enclosing one, but for the DS of a zone that another one here
  // delegates (RFC 4035 §3.1.4.1: it belongs to the side above the cut).
  [[nodiscard]] const Zone* find_answering(const dns::QuestionName& name, dns::Type type) const noexcept;
  [[nodiscard]] const Zone* find(std::string_view folded_apex) const noexcept;

 private:
  struct Hash {
    std::size_t operator()(std::string_view folded) const noexcept;
  };
  std::vector<Zone> zones_;
  std::vector<std::size_t> label_counts_;  // of the apexes, each once, most first
  std::vector<std::string> folded_apexes_;
  std::unordered_map<std::string_view, const Zone*, Hash> by_apex_;
  std::string folded_made_;
};

class Zones final : public registry::ZoneDirectory {
 public:
  // `made`: the zone of Consul's names (Zone::consul), unless one of the others has its name. Null: there is none.
  explicit Zones(std::vector<Zone> zones, std::unique_ptr<Zone> made = nullptr);
  ~Zones() override;

  // Under a ReadLock.
  [[nodiscard]] const ZoneTable& table() const noexcept;
  [[nodiscard]] std::size_t size() const { return apexes_.size(); }
  // The serial shown: the file's until it is set. `set_serial`: one thread at a time.
  [[nodiscard]] dns::Serial serial(registry::ZoneId zone) const;
  void set_serial(registry::ZoneId zone, dns::Serial serial);
  // What SOA records of the made zone show is the sum of the others' serials: it moves when one of them does. To be called
  // before such a record is put; any thread.
  void refresh_made_serial() const;
  // The same zones, in the same order, with other records and policies. The serials shown stay.
  void replace(std::vector<Zone> zones);

  // The label of a service's names `S.Z`, `_S._P.Z`: its own (registry::service_label_of), or a derived one, where another door
  // than the native one has registered a name that the zone file, another zone or DNS-SD has.
  [[nodiscard]] std::string label_of(const registry::Service& service) const;

  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view zone_name) const override;
  [[nodiscard]] std::string name_of(registry::ZoneId zone) const override;
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId zone) const override;
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef& service) const override;
  [[nodiscard]] bool may_have_names_below(const registry::ServiceRef& service) const override;
  [[nodiscard]] std::optional<registry::TakenName> find_taken_below(const registry::ServiceRef& service,
                                                                    std::string_view label, Below what) const override;

 private:
  [[nodiscard]] std::vector<Zone> with_serials(std::vector<Zone> zones) const;
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const Zone& zone,
                                                              const std::optional<dns::Name>& name) const;

  std::vector<dns::Name> apexes_;  // by ZoneId; never changes, as the next two
  std::vector<std::string> names_;
  std::unordered_map<std::string, registry::ZoneId> by_folded_apex_;
  std::vector<std::atomic<dns::Serial>> serials_;
  std::unique_ptr<const Zone> made_;
  mutable std::atomic<dns::Serial> made_serial_{};
  std::atomic<const ZoneTable*> table_;
};

}  // namespace rollcall::answer
