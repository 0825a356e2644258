// One zone kept for transfers: its present records, and a journal of the changes that led to them.
//
// Shape    records are kept in sets, one for the zone file and one for each service. A snapshot shares unchanged sets with
//          the snapshot before it; a step of the journal holds the records removed and added. A transfer keeps the sets it
//          sends, so it is of one serial however long it takes.
// Limits   the journal, in octets of memory: the oldest steps are dropped first. A client whose serial is older than the
//          journal, or for whom the steps are larger than the zone itself, gets the whole zone (RFC 1995 §4, §5).
// Threads  `put`, `publish`: one. `axfr`, `ixfr`: any.
// Source   RFC 5936 §2.2, RFC 1995 §4, §6 (condensation).
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "answer/transfer/record_set.h"
#include "base/guarded.h"
#include "dns/serial.h"

namespace rollcall::answer {

// What is sent, in order, from the first SOA to the last.
using TransferParts = std::vector<SharedRecords>;

class TransferZone {
 public:
  explicit TransferZone(std::size_t journal_bytes_max) : journal_bytes_max_(journal_bytes_max) {}

  // Replaces the set of this key, each at most once before `publish`. An empty set removes it.
  void put(const std::string& key, RecordSet records);
  // Whether something put is different from what is shown.
  [[nodiscard]] bool has_changes() const { return !removed_.empty() || !added_.empty(); }
  // Shows what was put, under the next serial. `soa` is one record. A serial that is not newer (the store of a cluster was
  // restored) leaves no way from the ones before it: the journal begins anew.
  void publish(dns::Serial serial, RecordSet soa);

  [[nodiscard]] TransferParts axfr() const;
  // To a client that has `have`: the one SOA when that is the present serial or newer, the difference where the journal
  // has it, else the whole zone.
  [[nodiscard]] TransferParts ixfr(dns::Serial have) const;
  // The SOA alone.
  [[nodiscard]] TransferParts soa() const;

  [[nodiscard]] std::size_t journal_bytes() const;

 private:
  struct Step {
    dns::Serial from = 0;
    SharedRecords old_soa = {};
    SharedRecords removed = {};
    SharedRecords added = {};
    // Of records, which are sent; and of all that is kept, so that many steps of nothing have their bound too.
    [[nodiscard]] std::size_t bytes() const { return removed->bytes() + added->bytes(); }
    [[nodiscard]] std::size_t memory_bytes() const {
      return sizeof(*this) + old_soa->memory_bytes() + removed->memory_bytes() + added->memory_bytes();
    }
  };
  struct Shown {
    dns::Serial serial = 0;
    SharedRecords soa;
    std::vector<SharedRecords> sets;
    std::size_t bytes = 0;
    std::deque<Step> journal;  // oldest first; each leads to the next, the last to `serial`
    std::size_t journal_bytes = 0;
  };

  [[nodiscard]] static TransferParts whole(const Shown& shown);

  const std::size_t journal_bytes_max_;
  // The writer's own.
  std::map<std::string, SharedRecords> sets_;
  std::vector<WireRecord> removed_;  // borrows from `kept_` and `sets_`
  std::vector<WireRecord> added_;
  std::vector<SharedRecords> kept_;  // what was replaced, until it is published
  bool is_first_ = true;

  Guarded<Shown> shown_;
};

}  // namespace rollcall::answer
