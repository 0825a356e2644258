// Records as a zone transfer moves them: wire form, nothing compressed, in one run of octets.
//
// Shape    a record is owner, type, class, TTL, RDLENGTH, RDATA; a RecordSet is sorted by these octets, so that records
//          of one owner and type stand together, and has no repeats. Two records are the same when all of it is, TTL
//          and the case of letters included (RFC 1995 §2).
// Owner    shared by the snapshots and the journal of a zone.
// Threads  immutable once built.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "dns/types.h"

namespace rollcall::answer {

// A record's octets; borrowed.
using WireRecord = std::string_view;

[[nodiscard]] std::string make_wire_record(Bytes owner, dns::Type type, std::uint32_t ttl, Bytes rdata);

class RecordSet {
 public:
  RecordSet() = default;
  explicit RecordSet(std::vector<std::string> records);
  // In this order; the caller knows that there are no repeats.
  [[nodiscard]] static RecordSet copy_of(const std::vector<WireRecord>& records);

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::size_t bytes() const { return octets_.size(); }
  // Octets of the largest record; 0: there is none.
  [[nodiscard]] std::size_t largest() const { return largest_; }
  // What it takes in memory, with all it is made of.
  [[nodiscard]] std::size_t memory_bytes() const {
    return sizeof(*this) + octets_.capacity() + ends_.capacity() * sizeof(std::size_t);
  }
  [[nodiscard]] WireRecord operator[](std::size_t position) const {
    const std::size_t begin = position == 0 ? 0 : ends_[position - 1];
    return std::string_view(octets_).substr(begin, ends_[position] - begin);
  }

 private:
  void append(WireRecord record);
  void shrink();
  std::string octets_;
  std::vector<std::size_t> ends_;
  std::size_t largest_ = 0;
};
using SharedRecords = std::shared_ptr<const RecordSet>;

// What leads from `before` to `now`, either of which may be null: appends to both lists, which borrow from the sets.
void append_difference(const RecordSet* before, const RecordSet* now, std::vector<WireRecord>& removed,
                       std::vector<WireRecord>& added);

}  // namespace rollcall::answer
