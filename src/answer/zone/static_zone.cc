#include "answer/zone/static_zone.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_set>

#include "answer/zone/zone_rules.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "dns/rdata_check.h"

namespace rollcall::answer {
namespace {

using dns::Type;

// The end of the SOA's RDATA (RFC 1035 §3.3.13).
constexpr std::size_t k_soa_serial_from_end = 20;
constexpr std::size_t k_soa_expire_from_end = 8;
constexpr std::size_t k_soa_minimum_from_end = 4;

std::uint32_t soa_number(const RRset& soa, std::size_t from_end) {
  const std::string& rdata = soa.rdatas.front();
  check(rdata.size() > k_soa_serial_from_end, "an SOA has its five numbers");
  const Bytes bytes = octets(rdata);
  return ByteReader(bytes, rdata.size() - from_end).u32();
}

void put_rdata(Node& node, dns::Record&& record) {
  const auto at = std::ranges::lower_bound(node.rrsets, record.type, {}, &RRset::type);
  if (at == node.rrsets.end() || at->type != record.type) {
    node.rrsets.insert(at, RRset{record.type, record.ttl, {std::move(record.rdata)}});
    return;
  }
  at->ttl = std::min(at->ttl, record.ttl);
  at->rdatas.push_back(std::move(record.rdata));
}

// RFC 2181 §5: an RRset has no two equal records, names compared as RFC 4343 §3 wants it. The order of the file is kept.
void drop_repeats(RRset& rrset) {
  if (rrset.rdatas.size() < 2) return;
  std::unordered_set<std::string> seen;
  std::erase_if(rrset.rdatas,
                [&](const std::string& rdata) { return !seen.insert(dns::fold_names(rrset.type, rdata)).second; });
}

// The node is where the name ends: its RRset, its CNAME, or nothing of the type (RFC 1034 §4.3.2 step 3a).
StaticAnswer answer_at(const Node& node, Type qtype, bool wildcard) {
  if (qtype == Type::any) {
    const Found found = node.rrsets.empty() ? Found::nodata : Found::hit;
    return {.found = found, .rrset = nullptr, .node = &node, .wildcard = wildcard};
  }
  if (const RRset* rrset = node.find(qtype)) {
    return {.found = Found::hit, .rrset = rrset, .node = &node, .wildcard = wildcard};
  }
  if (const RRset* cname = node.find(Type::cname)) {
    return {.found = Found::alias, .rrset = cname, .node = &node, .wildcard = wildcard};
  }
  return {.found = Found::nodata, .rrset = nullptr, .node = &node, .wildcard = wildcard};
}

}  // namespace

const RRset* Node::find(dns::Type type) const {
  const auto at = std::ranges::lower_bound(rrsets, type, {}, &RRset::type);
  return at != rrsets.end() && at->type == type ? &*at : nullptr;
}

std::size_t StaticZone::FoldedHash::operator()(std::string_view folded) const noexcept {
  return hash_bytes(folded, hash_seed());
}

Result<StaticZone> StaticZone::build(dns::ZoneFile file) {
  StaticZone zone;
  zone.apex_ = std::move(file.apex);
  zone.apex_labels_ = zone.apex_.label_count();
  zone.put_node(zone.apex_);
  for (dns::Record& record : file.records) {
    if (!record.owner.is_within(zone.apex_)) {
      return failure(Errc::invalid, record.owner.text() + " is not in the zone " + zone.apex_.text());
    }
    put_rdata(zone.put_node(record.owner), std::move(record));
  }
  // Of several mistakes the one at the first name is told, every time the same.
  const Node* first_wrong = nullptr;
  Result<void> legal;
  for (const auto& [key, node] : zone.nodes_) {
    for (RRset& rrset : node->rrsets) drop_repeats(rrset);
    const Node* parent = node->owner == zone.apex_ ? nullptr : zone.find(node->owner.parent().folded_wire());
    Result<void> checked = check_node(*node, parent, zone.apex_);
    if (checked || (first_wrong != nullptr && first_wrong->owner < node->owner)) continue;
    first_wrong = node.get();
    legal = std::move(checked);
  }
  if (!legal) return std::unexpected(std::move(legal.error()));
  zone.soa_ = zone.find(zone.apex_.folded_wire())->find(Type::soa);
  zone.negative_ttl_ = std::min(zone.soa_->ttl, soa_number(*zone.soa_, k_soa_minimum_from_end));
  return zone;
}

Result<StaticZone> StaticZone::load(const std::filesystem::path& file, const dns::Name& apex) {
  Result<dns::ZoneFile> records = dns::load_zone_file(file, apex);
  if (!records) return std::unexpected(std::move(records.error()));
  Result<StaticZone> zone = build(std::move(*records));
  if (!zone) zone.error().message.insert(0, file.string() + ": ");
  return zone;
}

// RFC 4592 §2.2.2, RFC 8020 §2: every name between an owner and the apex exists, if only as an empty non-terminal.
Node& StaticZone::put_node(const dns::Name& owner) {
  std::unique_ptr<Node>& place = nodes_[owner.folded_wire()];
  if (place != nullptr) return *place;
  place = std::make_unique<Node>(Node{owner, {}});
  Node& node = *place;
  if (owner != apex_) put_node(owner.parent());
  if (owner.label_count() > apex_labels_ + 1) has_names_below_others_ = true;
  return node;
}

std::uint32_t StaticZone::serial() const { return soa_number(*soa_, k_soa_serial_from_end); }
std::uint32_t StaticZone::expire_seconds() const { return soa_number(*soa_, k_soa_expire_from_end); }

const Node* StaticZone::find(std::string_view folded_wire) const {
  const auto at = nodes_.find(folded_wire);
  return at == nodes_.end() ? nullptr : at->second.get();
}

StaticAnswer StaticZone::look_up(const dns::QuestionName& qname, dns::Type qtype) const {
  check(qname.labels >= apex_labels_, "a name is looked up in a zone it belongs to");
  // RFC 1034 §4.3.2 step 3: from the apex down, label by label.
  const Node* encloser = nullptr;
  for (std::size_t below = 0;; ++below) {
    const std::size_t first = qname.labels - apex_labels_ - below;
    const Node* node = find(qname.suffix(first));
    if (node == nullptr) {
      check(encloser != nullptr, "a name is looked up in a zone it belongs to");
      return look_up_wildcard(qname.suffix(first + 1), qtype);  // step 3c
    }
    const bool is_qname = first == 0;
    // Step 3b. The DS of a cut belongs to this side of it (RFC 4035 §3.1.4.1).
    if (const RRset* cut = below > 0 ? node->find(Type::ns) : nullptr; cut && !(is_qname && qtype == Type::ds)) {
      return {.found = Found::delegation, .rrset = cut, .node = node};
    }
    if (is_qname) return answer_at(*node, qtype, false);
    // RFC 6672 §3.2: a DNAME redirects what is below it, not its owner.
    if (const RRset* dname = node->find(Type::dname)) {
      return {.found = Found::redirect, .rrset = dname, .node = node};
    }
    encloser = node;
  }
}

// RFC 4592 §3.3.1: the source of synthesis is `*` right below the closest encloser; no other wildcard counts.
StaticAnswer StaticZone::look_up_wildcard(std::string_view encloser_wire, dns::Type qtype) const {
  constexpr std::string_view k_asterisk("\1*", 2);
  std::array<char, k_asterisk.size() + limits::k_name_bytes_max> name;
  std::memcpy(name.data(), k_asterisk.data(), k_asterisk.size());
  std::memcpy(name.data() + k_asterisk.size(), encloser_wire.data(), encloser_wire.size());
  const Node* source = find({name.data(), k_asterisk.size() + encloser_wire.size()});
  if (source == nullptr) return {};
  return answer_at(*source, qtype, true);
}

const Node* StaticZone::find_conflict(const dns::Name& name) const {
  if (!name.is_within(apex_)) return nullptr;
  const std::string folded = name.folded_wire();
  if (const Node* node = find(folded); node != nullptr && !node->rrsets.empty()) return node;
  const std::size_t apex_at = folded.size() - apex_.wire().size();
  for (std::size_t at = 0; at < apex_at;) {
    at += 1U + static_cast<std::uint8_t>(folded[at]);  // the name above
    const Node* node = find(std::string_view(folded).substr(at));
    if (node == nullptr) continue;
    const bool is_cut = at < apex_at && node->find(Type::ns) != nullptr;
    if (is_cut || node->find(Type::dname) != nullptr) return node;
  }
  return nullptr;
}

}  // namespace rollcall::answer
