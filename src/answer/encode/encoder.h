// From sections to octets: the one place where a look-up's RRsets become records.
//
// Shape    `put` writes the three sections into a Reply, which holds header, question and OPT around them.
// Order    a set of the roll that fits is put in a fresh weighted random order, priorities first (RFC 2782). One that
//          does not is put in its stable order, as many whole records as fit, with TC: never rotated, never none. Over
//          TCP, where nobody can ask for more, it is a fresh random part instead, best priorities first.
// Fit      as each set says (section_list.h). After TC in the answer section nothing follows.
// Owner    lives for one message; borrows everything.
// Threads  one worker.
// Source   RFC 2181 §5.2, §9; RFC 2782; RFC 6891 §7 (room for OPT is set aside by the Reply).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "answer/encode/reply.h"
#include "answer/encode/section_list.h"
#include "answer/roster/member_order.h"
#include "base/random.h"

namespace rollcall::answer {

class Encoder {
 public:
  Encoder(Reply& reply, const SectionList& sections, Random& random, Scratch& scratch)
      : reply_(reply), sections_(sections), random_(random), scratch_(scratch) {}

  // False: an alias found no room, and what its chain leads to is not in the message.
  bool put();

 private:
  using Positions = std::span<const std::uint32_t>;

  // What is left out sets TC, if the set is required.
  void put_whole(Section section, const RRsetRef& set);
  // False: not all of it fitted. What has been written stays.
  [[nodiscard]] bool put_set(Section section, const RRsetRef& set);

  [[nodiscard]] bool put_rdata(Section section, const RRsetRef& set, const StaticRdata& rdata);
  [[nodiscard]] bool put_rdata(Section section, const RRsetRef& set, const ListedRdata& rdata);
  [[nodiscard]] bool put_rdata(Section section, const RRsetRef& set, const AddressRdata& rdata);
  [[nodiscard]] bool put_rdata(Section section, const RRsetRef& set, const MemberRdata& rdata);
  [[nodiscard]] bool put_rdata(Section section, const RRsetRef& set, const TargetAddresses& rdata);
  [[nodiscard]] bool put_record(Section section, const RRsetRef& set, Bytes rdata);
  [[nodiscard]] bool put_srv_records(Section section, const RRsetRef& set, const MemberRdata& rdata);
  [[nodiscard]] bool put_ptr_records(Section section, const RRsetRef& set, const MemberRdata& rdata);
  // The members in the order in which their records are put.
  [[nodiscard]] Positions arrange(const MemberRdata& rdata, dns::Type type);
  [[nodiscard]] std::size_t bytes_of(const MemberRdata& rdata, Positions members, dns::Type type) const;

  Reply& reply_;
  const SectionList& sections_;
  Random& random_;
  Scratch& scratch_;
  std::uint16_t current_at_ = k_question_name_at;  // where the current name stands
  Positions put_members_ = {};                     // whose SRV records were put last
};

}  // namespace rollcall::answer
