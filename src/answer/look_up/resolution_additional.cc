// The additional section of names of the zone file: glue, and what the targets of an answer have, in the file or on the
// roll.
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "answer/look_up/resolution.h"

namespace rollcall::answer {
namespace {

using dns::Type;

bool is_svcb(Type type) { return type == Type::svcb || type == Type::https; }

// Octets in front of the name in RDATA whose name gets its addresses into the additional section (RFC 1035 §3.3, RFC
// 1183 §1, §3.3, RFC 2230 §3, RFC 2782, RFC 9460 §4.1).
std::optional<std::size_t> target_offset(Type type) {
  switch (type) {
    case Type::ns:
    case Type::mb: return 0;
    case Type::mx:
    case Type::afsdb:
    case Type::rt:
    case Type::kx:
    case Type::svcb:
    case Type::https: return 2;
    case Type::srv: return 6;
    default: return std::nullopt;
  }
}

// SvcPriority 0 is an alias, any other a service.
bool is_alias(const std::string& rdata) { return rdata[0] == 0 && rdata[1] == 0; }

// Each target once, in the order of the records. RFC 9460 §2.5.2: a service at the root is at the owner; §2.5.1: an
// alias to it is at nothing.
std::vector<dns::QuestionName> targets_of(const RRset& rrset, std::size_t offset, const dns::QuestionName& owner) {
  std::vector<dns::QuestionName> targets;
  std::unordered_set<std::string> seen;
  for (const std::string& rdata : rrset.rdatas) {
    dns::QuestionName target;
    if (!target.read(octets(rdata).subspan(offset))) continue;
    if (target.labels == 0 && is_svcb(rrset.type) && !is_alias(rdata)) target = owner;
    if (seen.emplace(target.suffix(0)).second) targets.push_back(target);
  }
  return targets;
}

}  // namespace

// The zone file's own records of the name. Where it only has names below, `_acme-challenge.web` below `web`, the name itself
// belongs to the roll.
const Node* Resolution::find_records(std::string_view folded_name) const {
  const Node* node = zone_->records.find(folded_name);
  return node != nullptr && !node->rrsets.empty() ? node : nullptr;
}

void Resolution::put_glue(const RRset& ns, const Node& cut, GlueOf which) {
  const Fit fit = which == GlueOf::delegated_zone ? Fit::required : Fit::optional;
  for (const std::string& rdata : ns.rdatas) {
    const std::optional<dns::Name> server = dns::Name::parse_wire(octets(rdata));
    const Node* node = server ? find_records(server->folded_wire()) : nullptr;
    if (!server || server->is_within(cut.owner) != (which == GlueOf::delegated_zone)) continue;
    dns::QuestionName other;  // a wildcard may have its addresses
    if (node == nullptr && which == GlueOf::others && other.read(server->wire())) {
      put_additional(other, Type::a);
      put_additional(other, Type::aaaa);
    }
    if (node == nullptr) continue;
    for (const Type type : {Type::a, Type::aaaa}) {
      const RRset* addresses = node->find(type);
      if (addresses == nullptr) continue;
      sections_.add_static(Section::additional, {.name = node->owner.wire()}, {addresses}, addresses->ttl, fit);
    }
  }
}

void Resolution::put_target_records(const RRset& rrset) {
  const std::optional<std::size_t> offset = target_offset(rrset.type);
  if (!offset) return;
  const std::vector<dns::QuestionName> targets = targets_of(rrset, *offset, *name_);
  for (const dns::QuestionName& target : targets) {
    put_additional(target, Type::a);
    put_additional(target, Type::aaaa);
  }
  if (!is_svcb(rrset.type)) return;
  for (const dns::QuestionName& target : targets) {
    if (target.suffix(0) != name_->suffix(0)) put_additional(target, rrset.type);  // else it is the answer
  }
}

// Of a name in this zone; at a cut or below it that is glue. The zone file's own names come first, then the roll's;
// wildcards have what is left (RFC 4592 §3.3.1).
void Resolution::put_additional(const dns::QuestionName& target, Type type) {
  if (zones_.find_enclosing(target) != zone_) return;
  const RRset* rrset = nullptr;
  if (const Node* node = find_records(target.suffix(0))) {
    rrset = node->find(type);
  } else if (zone_->consul != nullptr) {
    return;  // its few records point at nothing else
  } else if (const RosterName found = roster_.find(*zone_, target, now_); is_there(found)) {
    return put_roster_additional(found, target, type);
  } else {
    const StaticAnswer made = zone_->records.look_up(target, type);
    if (made.found == Found::hit && !(made.wildcard && has_closer_roster_name(target, *made.node))) rrset = made.rrset;
  }
  if (rrset == nullptr) return;
  const Bytes owner = sections_.keep({target.folded.data(), target.size});
  if (owner.empty()) return;
  sections_.add_static(Section::additional, {.name = owner}, {rrset, zone_->serial}, rrset->ttl, Fit::optional);
}

// What a question for the name would be answered with, addresses alone.
void Resolution::put_roster_additional(const RosterName& found, const dns::QuestionName& target, Type type) {
  if (type != Type::a && type != Type::aaaa) return;
  const Owner owner{.name = sections_.keep({target.folded.data(), target.size})};
  if (owner.name.empty()) return;
  const Family family = type == Type::a ? Family::v4 : Family::v6;
  ServiceCollector service = service_of(*found.answers);
  if (found.kind == RosterName::Kind::service) return service.put_additional(owner, *found.view, family);
  if (found.kind == RosterName::Kind::instance) service.put_additional(owner, *found.member, family);
}

}  // namespace rollcall::answer
