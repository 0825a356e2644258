#include "answer/transfer/record_set.h"

#include <algorithm>

#include "answer/encode/record_head.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {

std::string make_wire_record(Bytes owner, dns::Type type, std::uint32_t ttl, Bytes rdata) {
  check(!owner.empty() && owner.size() <= limits::k_name_bytes_max, "a record is owned by a name");
  check(rdata.size() <= 0xffff, "the RDLENGTH has two octets");
  std::string record(owner.size() + k_record_fixed_bytes + rdata.size(), '\0');
  ByteWriter out({reinterpret_cast<std::uint8_t*>(record.data()), record.size()});
  out.bytes(owner);
  store_record_fixed(out.claim(k_record_fixed_bytes), type, dns::Class::in, ttl, rdata.size());
  out.bytes(rdata);
  check(out.ok() && out.left() == 0, "a record has the size of its parts");
  return record;
}

RecordSet::RecordSet(std::vector<std::string> records) {
  std::ranges::sort(records);
  const auto repeats = std::ranges::unique(records);
  records.erase(repeats.begin(), repeats.end());
  for (const std::string& record : records) append(record);
  shrink();
}

RecordSet RecordSet::copy_of(const std::vector<WireRecord>& records) {
  RecordSet set;
  for (const WireRecord record : records) set.append(record);
  set.shrink();
  return set;
}

void RecordSet::shrink() {
  octets_.shrink_to_fit();
  ends_.shrink_to_fit();
}

void RecordSet::append(WireRecord record) {
  octets_ += record;
  largest_ = std::max(largest_, record.size());
  ends_.push_back(octets_.size());
}

void append_difference(const RecordSet* before, const RecordSet* now, std::vector<WireRecord>& removed,
                       std::vector<WireRecord>& added) {
  const std::size_t old_count = before == nullptr ? 0 : before->size();
  const std::size_t new_count = now == nullptr ? 0 : now->size();
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old_count || j < new_count) {
    if (j == new_count || (i < old_count && (*before)[i] < (*now)[j])) {
      removed.push_back((*before)[i++]);
    } else if (i == old_count || (*now)[j] < (*before)[i]) {
      added.push_back((*now)[j++]);
    } else {
      ++i;
      ++j;
    }
  }
}

}  // namespace rollcall::answer
