// What a look-up comes to: references to RRsets, in sections, before any octet of them is written. The encoder
// (encoder.h) makes a message of it; signing would go over the same references.
//
// Shape    an RRsetRef says owner, type, TTL, what to do where the set does not fit, and where its RDATA lies:
//
//            StaticRdata      an RRset of the zone file
//            ListedRdata      octets named one by one: of the list, or kept by it
//            AddressRdata     addresses side by side, four or sixteen octets each
//            MemberRdata      members of a service, by position; nothing needs them in one piece
//            TargetAddresses  the addresses of the members whose SRV records have just been written
//
// Room     `left` is the room of the message less a lower bound of what the sets take that are not optional. A set that needs
//          more is not collected, and a list stops there, so a look-up costs no more than the message it can fill.
// Owner    a worker's; it grows to the largest answer it has met and then allocates no more. RDATA is borrowed from zone
//          table and roster (under the caller's ReadLock), from Scratch, or kept here until `clear`.
// Threads  its worker's.
// Source   RFC 1034 §4.3.2, RFC 2181 §5, §9.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "answer/encode/record_head.h"
#include "answer/encode/reply_options.h"
#include "answer/roster/service_answers.h"
#include "answer/zone/static_zone.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "dns/serial.h"
#include "dns/types.h"

namespace rollcall::answer {

// Uncompressed wire form. The current name is the question's, or the target of the alias written last: the message already
// has it, so its records carry a pointer.
struct Owner {
  Bytes name;
  bool is_current = false;
};

// Where not all of a set fits.
enum class Fit : std::uint8_t {
  partly,    // as many records as fit, and TC (RFC 2181 §9)
  required,  // left out, and TC: without it the answer says something else
  optional,  // left out
};

struct StaticRdata {
  const RRset* rrset = nullptr;
  const std::atomic<dns::Serial>* serial = nullptr;  // what an SOA shows; null: its own
};
struct ListedRdata {
  std::size_t first = 0;
  std::size_t count = 0;
  Bytes suffix = {};  // stands behind each
};
struct AddressRdata {
  Bytes octets;
  std::span<const std::uint32_t> weights = {};  // of each address; none: their order is to stay
  std::uint32_t take = 0;                       // so many are answered
  bool equal_weights = true;
};
struct MemberRdata {
  const ServiceAnswers* answers = nullptr;
  std::span<const std::uint32_t> members = {};      // in their stable order
  std::size_t take = 0;                             // so many are answered
  std::size_t bytes_max = 0;                        // of all their records; 0: not known
  Bytes suffix = {};                                // PTR: what follows an instance's label in the target
  std::optional<registry::Protocol> protocol = {};  // PTR: members of others are left out
  bool equal_weights = true;
  bool is_weightless = false;  // all have weight 0 (show_weight)
};
struct TargetAddresses {
  const ServiceAnswers* answers = nullptr;
};
using Rdata = std::variant<StaticRdata, ListedRdata, AddressRdata, MemberRdata, TargetAddresses>;

struct RRsetRef {
  Owner owner;
  dns::Type type = dns::Type::none;
  std::uint32_t ttl = 0;  // one for the whole set (RFC 2181 §5.2)
  Fit fit = Fit::partly;
  bool is_alias = false;  // a CNAME that is followed: its target is the current name from here on
  Rdata rdata;
};

class SectionList {
 public:
  // For the next message, which has room for so many octets of records.
  void clear(std::size_t room_bytes) {
    for (std::vector<RRsetRef>& section : sections_) section.clear();
    records_ = {};
    list_.clear();
    kept_.clear();
    left_ = room_bytes;
    explanation_.reset();
    is_authoritative_ = true;
    is_cut_short_ = false;
  }

  // `records`: how many records the set has at most; `bytes_min`: what they surely take.
  void add(Section section, const RRsetRef& set, std::size_t records, std::size_t bytes_min) {
    check(set.type != dns::Type::none && records > 0, "an RRset has a type and a record");
    sections_[static_cast<std::size_t>(section)].push_back(set);
    records_[static_cast<std::size_t>(section)] += records;
    if (set.fit == Fit::optional) return;  // if it is left out, what follows may still fit
    left_ -= std::min(bytes_min, left_);
  }
  void add_static(Section section, const Owner& owner, const StaticRdata& rdata, std::uint32_t ttl, Fit fit) {
    const std::size_t records = rdata.rrset->rdatas.size();
    add(section, {.owner = owner, .type = rdata.rrset->type, .ttl = ttl, .fit = fit, .rdata = rdata}, records,
        records * k_record_bytes_min);
  }

  // A list of RDATA, one after the other; `end_list` gives the reference to it.
  void list(Bytes rdata) { list_.push_back(rdata); }
  [[nodiscard]] ListedRdata end_list(std::size_t first, Bytes suffix = {}) const {
    return {first, list_.size() - first, suffix};
  }
  [[nodiscard]] std::size_t list_size() const { return list_.size(); }
  [[nodiscard]] Bytes listed(std::size_t position) const { return list_[position]; }

  // Room for octets that stay until `clear`. Empty: there is none left, nor would there be in the message.
  [[nodiscard]] WritableBytes reserve(std::size_t octets) {
    if (kept_.capacity() == 0) kept_.reserve(k_kept_bytes_max);
    if (k_kept_bytes_max - kept_.size() < octets) return {};
    kept_.resize(kept_.size() + octets);
    return WritableBytes(kept_).last(octets);
  }
  // A copy of both parts, one behind the other.
  [[nodiscard]] Bytes keep(Bytes first, Bytes second = {}) {
    const WritableBytes room = reserve(first.size() + second.size());
    if (room.empty()) return {};
    std::ranges::copy(first, room.begin());
    std::ranges::copy(second, room.begin() + static_cast<std::ptrdiff_t>(first.size()));
    return room;
  }

  [[nodiscard]] std::span<const RRsetRef> of(Section section) const {
    return sections_[static_cast<std::size_t>(section)];
  }
  // To be changed after the look-up, before the encoder.
  [[nodiscard]] std::vector<RRsetRef>& sets(Section section) { return sections_[static_cast<std::size_t>(section)]; }
  [[nodiscard]] std::size_t records(Section section) const { return records_[static_cast<std::size_t>(section)]; }
  [[nodiscard]] std::size_t left() const { return left_; }

  void set_authoritative(bool is) { is_authoritative_ = is; }
  [[nodiscard]] bool is_authoritative() const { return is_authoritative_; }
  // There is more than has been collected: TC, even if all of this fits.
  void set_cut_short() { is_cut_short_ = true; }
  [[nodiscard]] bool is_cut_short() const { return is_cut_short_; }
  // The first word stands.
  void explain(dns::ExtendedError code, std::string_view text) {
    if (!explanation_) explanation_ = {code, text};
  }
  void explain_instead(const Explanation& explanation) { explanation_ = explanation; }
  [[nodiscard]] const std::optional<Explanation>& explanation() const { return explanation_; }

 private:
  static constexpr std::size_t k_record_bytes_min = 1 + k_record_fixed_bytes;
  // What one message can hold, and the targets that DNAMEs make.
  static constexpr std::size_t k_kept_bytes_max =
      limits::k_message_bytes_max + (limits::k_cname_chain_max + 1) * limits::k_name_bytes_max;

  std::array<std::vector<RRsetRef>, 3> sections_;
  std::array<std::size_t, 3> records_{};
  std::vector<Bytes> list_;
  std::vector<std::uint8_t> kept_;  // never grows beyond what is reserved: references into it stay
  std::size_t left_ = 0;
  std::optional<Explanation> explanation_;
  bool is_authoritative_ = true;
  bool is_cut_short_ = false;
};

}  // namespace rollcall::answer
