// The zones as secondaries see them: a serial that moves with every visible change, and the contents of zones that may be
// transferred.
//
// Serial   of a zone, on a single node: the zone file's; if that is not newer, the last one plus 1, at each tick that finds the zone changed.
//          Every SOA shows it (Zones::serial). Before a serial is shown, one that is not older is on stable storage
//          (`keep`), and a start continues above the stored one: serials never go back, even if the file's serial does or
//          changes were not stored.
// Places   a transfer of more than one message takes one of `at_once_max` places; when none is free it gets SERVFAIL.
// Ticks    all changes within k_serial_tick are one step: `wait` collects them, `tick` shows them.
// Threads  publish, withdraw: the writer's. `wait`, `tick`: one thread. All others: any.
// Source   RFC 2136 §3.6 (a serial may lag, but moves before a transfer shows the change), RFC 1982, RFC 5936, RFC 1995.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "answer/roster/roster.h"
#include "answer/transfer/transfer_stream.h"
#include "answer/transfer/transfer_zone.h"
#include "answer/zone/zones.h"
#include "base/check.h"
#include "base/guarded.h"
#include "base/ip_prefix.h"
#include "base/limits.h"
#include "dns/tsig.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"

namespace rollcall::answer {

// Which clients may transfer a zone. Neither prefix nor key: none.
struct TransferRules {
  std::vector<IpPrefix> to;      // empty: any address, with the key
  std::optional<dns::Name> key;  // the request must be signed with it
  friend bool operator==(const TransferRules&, const TransferRules&) = default;
  [[nodiscard]] bool offers() const { return key.has_value() || !to.empty(); }
};

class Transfers final : public registry::Audience {
 public:
  // `rules` by ZoneId. Zones and policies are borrowed for life.
  Transfers(Zones& zones, Roster::PolicyOf policy_of, std::vector<TransferRules> rules, std::size_t journal_bytes_max,
            std::size_t at_once_max = limits::k_transfers_default);

  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;
  // The zone files or policies were reloaded.
  void zones_replaced();

  // Blocks until something has changed, and k_serial_tick longer. False: stop was requested.
  [[nodiscard]] bool wait(const std::stop_token& stop);
  // The serials an earlier process stored. Before the first tick.
  void go_on_behind(const std::vector<registry::KeptSerial>& kept);
  // Instead, after a version that stored none: its serials were the file's plus the index of the roll.
  void go_on_behind(registry::ChangeIndex index);

  // In a cluster every node shows the same serials: they are given (the file's plus the zone's count of changes, modulo
  // 2^32), not counted or kept, and `tick` calls no `keep`. Empty: not known; the zone then stays as it is, and at first has
  // the file's. Set before the first tick; called from `tick`, under a ReadLock. A zone is transferred as it is when its
  // serial moves: what has changed before that waits.
  using GivenSerials = std::function<std::optional<dns::Serial>(registry::ZoneId)>;
  void take_serials_from(GivenSerials given) { given_ = std::move(given); }
  // The zone is given another serial from now on. To be called after what it stands for is published, never before: a
  // secondary must not get a serial that promises more than the zone has. Any thread.
  void serial_moved(registry::ZoneId zone);

  // Shows what has changed since the last call, and returns the zones whose serial moved. The first call shows everything,
  // before any query is answered. A zone whose serial cannot be stored stays as it was until the next tick; at the first
  // tick it is shown all the same.
  std::vector<registry::ZoneId> tick(const registry::Registry& registry, const registry::KeepSerials& keep);

  // `key`: the key that signed the request; null: it was not signed.
  [[nodiscard]] bool allows(registry::ZoneId zone, const IpAddress& client, const dns::TsigKey* key) const;
  // Of a zone that is offered, after the first tick.
  [[nodiscard]] const TransferZone& zone(registry::ZoneId zone) const {
    check(at(zone).zone != nullptr, "a zone that is transferred is kept for it");
    return *at(zone).zone;
  }
  // Empty: all places are taken. Counted in `put_off`.
  [[nodiscard]] std::optional<TransferPlace> take_place() const;
  [[nodiscard]] std::size_t under_way() const { return under_way_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t put_off() const { return put_off_.load(std::memory_order_relaxed); }
  [[nodiscard]] const TransferRules& rules(registry::ZoneId zone) const { return at(zone).rules; }

 private:
  struct PerZone {
    TransferRules rules;
    std::unique_ptr<TransferZone> zone;  // null: not offered
  };
  struct Pending {
    std::set<registry::ZoneId> zones = {};         // of the services
    std::set<registry::ServiceKey> services = {};  // only where a zone is offered
    bool zones_replaced = false;
    std::map<registry::ZoneId, std::optional<dns::Serial>> serials = {};  // of the zones to be looked at, where given
    [[nodiscard]] bool is_empty() const { return zones.empty() && !zones_replaced; }
  };

  [[nodiscard]] const PerZone& at(registry::ZoneId zone) const { return by_zone_.at(static_cast<std::size_t>(zone)); }
  void put(const registry::ServiceKey& key, const registry::Service* service, const ZoneTable& zones);
  [[nodiscard]] bool has_changed(const Zone& zone, const Pending& pending) const;
  void mark(const registry::ServiceRef& service);
  struct Step {
    registry::ZoneId zone;
    dns::Serial serial;
    bool is_kept = true;
  };
  [[nodiscard]] std::vector<Step> next_steps(const ZoneTable& zones, const Pending& pending);
  [[nodiscard]] Pending take_given();
  [[nodiscard]] std::vector<Step> given_steps(const ZoneTable& zones, const Pending& pending);
  void put_static(const Zone& zone, const Pending& pending);
  // The zones a tick may have to show anew.
  [[nodiscard]] std::set<registry::ZoneId> to_be_looked_at(const Pending& pending) const;
  [[nodiscard]] dns::Serial first_serial(const Zone& zone) const;
  std::vector<registry::ZoneId> show(const std::vector<Step>& steps);
  void keep_steps(std::vector<Step>& steps, const registry::KeepSerials& keep);
  void put_off(registry::ZoneId zone);

  Zones& zones_;
  Roster::PolicyOf policy_of_;
  std::vector<PerZone> by_zone_;
  std::vector<registry::ZoneId> offered_;
  std::vector<registry::ZoneId> reverse_;
  GivenSerials given_;
  bool is_first_ = true;
  std::set<registry::ZoneId> behind_;             // changed, and not moved yet: their serial could not be kept
  std::vector<std::optional<dns::Serial>> kept_;  // by ZoneId; empty: none yet
  const std::size_t at_once_max_;
  mutable std::atomic<std::size_t> under_way_{0};
  mutable std::atomic<std::uint64_t> put_off_{0};

  GuardedCondition<Pending> pending_;
};

}  // namespace rollcall::answer
