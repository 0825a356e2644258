#include "answer/zone/zone_rules.h"

#include <algorithm>

namespace rollcall::answer {
namespace {

using dns::Type;

std::unexpected<Error> refuse(const dns::Name& owner, const std::string& why) {
  return failure(Errc::invalid, owner.text() + " " + why);
}

std::size_t count(const Node& node, Type type) {
  const RRset* rrset = node.find(type);
  return rrset == nullptr ? 0 : rrset->rdatas.size();
}

Result<void> check_apex(const Node& node) {
  if (count(node, Type::soa) == 0) return refuse(node.owner, "has no SOA record; a zone begins with one");
  if (count(node, Type::soa) > 1) return refuse(node.owner, "has more than one SOA record");
  if (count(node, Type::ns) == 0) return refuse(node.owner, "has no NS record; the zone must name its servers");
  return {};
}

Result<void> check_below_apex(const Node& node, const dns::Name& apex) {
  if (count(node, Type::soa) > 0) {
    return refuse(node.owner, "has an SOA record, which belongs to the top of the zone, " + apex.text());
  }
  // RFC 6672 §2.3: only at the apex do NS and DNAME agree about who answers below.
  if (count(node, Type::ns) > 0 && count(node, Type::dname) > 0) {
    return refuse(node.owner, "has NS beside DNAME; it can be delegated or redirected, not both");
  }
  return {};
}

// RFC 2181 §10.1; RFC 4035 §2.5 lets the records of DNSSEC stand beside a CNAME.
Result<void> check_cname(const Node& node) {
  const std::size_t cnames = count(node, Type::cname);
  if (cnames == 0) return {};
  if (cnames > 1) return refuse(node.owner, "has more than one CNAME record");
  const auto other = std::ranges::find_if(node.rrsets, [](const RRset& rrset) {
    return rrset.type != Type::cname && rrset.type != Type::rrsig && rrset.type != Type::nsec;
  });
  if (other == node.rrsets.end()) return {};
  return refuse(node.owner, "has " + dns::type_text(other->type) + " beside CNAME; a CNAME stands alone");
}

// RFC 4592 §4.2-4.4.
Result<void> check_wildcard(const Node& node) {
  if (node.owner.is_root() || node.owner.first_label() != "*") return {};
  for (const Type type : {Type::soa, Type::ns, Type::dname}) {
    if (count(node, type) > 0) return refuse(node.owner, "is a wildcard and cannot have " + dns::type_text(type));
  }
  return {};
}

}  // namespace

Result<void> check_node(const Node& node, const Node* parent, const dns::Name& apex) {
  if (const Result<void> legal = check_wildcard(node); !legal) return legal;
  const Result<void> placed = parent == nullptr ? check_apex(node) : check_below_apex(node, apex);
  if (!placed) return placed;
  if (const Result<void> legal = check_cname(node); !legal) return legal;
  // RFC 6672 §2.4.
  if (count(node, Type::dname) > 1) return refuse(node.owner, "has more than one DNAME record");
  if (parent != nullptr && count(*parent, Type::dname) > 0) {
    return refuse(node.owner, "is below the DNAME at " + parent->owner.text() + ", where nothing can be");
  }
  return {};
}

}  // namespace rollcall::answer
