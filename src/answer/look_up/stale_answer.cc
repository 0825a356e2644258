#include "answer/look_up/stale_answer.h"

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace rollcall::answer {
namespace {

// CNAMEs come from the zone file, also those that a DNAME makes. So do, for that matter, those to the names of hosts.
bool is_roll_set(const RRsetRef& set) {
  return !std::holds_alternative<StaticRdata>(set.rdata) && set.type != dns::Type::cname;
}

void limit_ttl(std::vector<RRsetRef>& sets, bool only_of_roll) {
  for (RRsetRef& set : sets) {
    if (!only_of_roll || is_roll_set(set)) set.ttl = std::min(set.ttl, limits::k_stale_ttl_seconds);
  }
}

bool has_roll_set(const SectionList& sections, Section section) {
  return std::ranges::any_of(sections.of(section), is_roll_set);
}

}  // namespace

bool Resolution::is_of_roll(dns::Rcode rcode) const {
  const auto answer = sections_.of(Section::answer);
  if (has_roll_set(sections_, Section::answer)) return true;
  if (!answer.empty() && !answer.back().is_alias) return false;
  const auto authority = sections_.of(Section::authority);
  const bool is_negative =
      rcode != dns::Rcode::noerror || (!authority.empty() && authority.front().type == dns::Type::soa);
  if (!is_negative) return false;  // a referral, or an alias out of our zones
  if (zone_->consul != nullptr) return zone_->records.find(name_->suffix(0)) == nullptr;
  switch (roster_.find(*zone_, *name_, now_).kind) {
    case RosterName::Kind::none:
    case RosterName::Kind::missing: return rcode == dns::Rcode::nxdomain;
    case RosterName::Kind::empty:
    case RosterName::Kind::types:
    case RosterName::Kind::domain:
    case RosterName::Kind::reverse: return zone_->records.find(name_->suffix(0)) == nullptr && !leads_elsewhere();
    case RosterName::Kind::service:
    case RosterName::Kind::service_srv:
    case RosterName::Kind::instance:
    case RosterName::Kind::instance_srv:
    case RosterName::Kind::subtype: return true;
  }
  return true;
}

dns::Rcode hold_to_freshness(Freshness::State state, const Resolution& resolution, dns::Rcode rcode,
                             SectionList& sections) {
  if (state == Freshness::State::fresh) return rcode;
  const bool is_of_roll = resolution.is_of_roll(rcode);
  std::vector<RRsetRef>& additional = sections.sets(Section::additional);
  if (state == Freshness::State::expired) {
    std::erase_if(additional, is_roll_set);
    if (!is_of_roll) return rcode;
    for (const Section section : {Section::answer, Section::authority, Section::additional}) {
      sections.sets(section).clear();
    }
    sections.set_authoritative(false);
    sections.explain_instead(k_expired);
    return dns::Rcode::servfail;
  }
  const bool has_roll_records = is_of_roll || has_roll_set(sections, Section::additional);
  if (!has_roll_records) return rcode;
  limit_ttl(sections.sets(Section::answer), true);
  limit_ttl(additional, true);
  if (is_of_roll) limit_ttl(sections.sets(Section::authority), false);  // how long an absence may be cached
  sections.explain_instead(k_stale);
  return rcode;
}

}  // namespace rollcall::answer
