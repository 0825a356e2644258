#include "answer/look_up/resolution.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <string>

#include "answer/encode/ptr_collector.h"
#include "base/ascii_case.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

using dns::Rcode;
using dns::Type;

}  // namespace

Rcode Resolution::run() {
  check(sections_.records(Section::answer) == 0, "a look-up begins with empty sections");
  while (true) {
    if (const Step step = answer_name()) return *step;
  }
}

Resolution::Step Resolution::answer_name() {
  if (zone_->consul != nullptr) return answer_consul_name(*zone_->consul);
  const RosterName found = roster_.find(*zone_, *name_, now_);
  if (trace_ != nullptr) [[unlikely]]
    trace_->arrive(*zone_, *name_, found, sections_.records(Section::answer));
  return found.kind == RosterName::Kind::none ? answer_static_name() : answer_roster_name(found);
}

// RFC 2308 §3: the SOA says how long the absence may be cached. It is required: behind long aliases, where it may not fit,
// TC sends the client to TCP.
Rcode Resolution::deny(Rcode rcode) {
  const StaticZone& records = zone_->records;
  sections_.add_static(Section::authority, {.name = records.apex().wire()}, {&records.soa(), zone_->serial},
                       records.negative_ttl(), Fit::required);
  return rcode;
}

// Whether the zone file has a cut or a DNAME above a name that always exists (`_udp.Z`, `_services._dns-sd._udp.Z`).
bool Resolution::leads_elsewhere() const {
  const Found found = zone_->records.look_up(*name_, query_.type).found;
  return found == Found::delegation || found == Found::redirect;
}

// The roll has nothing at the name, but the zone file may have names below it (RFC 8020 §2).
Rcode Resolution::deny_name() {
  return deny(zone_->records.find(name_->suffix(0)) == nullptr ? Rcode::nxdomain : Rcode::noerror);
}

// --- Names of the roll ---

Resolution::Step Resolution::answer_roster_name(const RosterName& found) {
  switch (found.kind) {
    case RosterName::Kind::none:
    case RosterName::Kind::missing: return answer_static_name();  // the zone file may have names below a service's
    case RosterName::Kind::empty:
      // The zone file may have records at `_tcp.Z` too.
      if (zone_->records.find(name_->suffix(0)) != nullptr || leads_elsewhere()) return answer_static_name();
      return deny(Rcode::noerror);
    case RosterName::Kind::service:
    case RosterName::Kind::service_srv: return answer_service(found);
    case RosterName::Kind::instance:
    case RosterName::Kind::instance_srv: return answer_instance(found);
    case RosterName::Kind::subtype: return answer_subtype(found);
    case RosterName::Kind::types: return leads_elsewhere() ? answer_static_name() : answer_types();
    case RosterName::Kind::domain: {
      // The zone file may name other domains to browse.
      const Node* node = zone_->records.find(name_->suffix(0));
      const bool is_static = node != nullptr && !node->rrsets.empty();
      return is_static || leads_elsewhere() ? answer_static_name() : answer_domain();
    }
    case RosterName::Kind::reverse:
      // The top of a zone of one address has its SOA and NS beside what the roll has.
      if (query_.type != Type::ptr && zone_->records.find(name_->suffix(0)) != nullptr) return answer_static_name();
      return answer_reverse(*found.reverse);
  }
  return deny(Rcode::servfail);
}

Resolution::Step Resolution::answer_service(const RosterName& found) {
  ServiceCollector service = service_of(*found.answers);
  const bool has_addresses = found.kind == RosterName::Kind::service;
  bool put = false;
  switch (query_.type) {
    case Type::a: put = has_addresses && service.put_addresses(owner(), *found.view, Family::v4); break;
    case Type::aaaa: put = has_addresses && service.put_addresses(owner(), *found.view, Family::v6); break;
    case Type::srv: put = service.put_srv(owner(), *found.view); break;
    case Type::ptr: put = !has_addresses && service.put_ptr(owner(), *found.view, found.protocol, wire(0)); break;
    case Type::svcb:
    case Type::https: put = has_addresses && service.put_svcb(owner(), *found.view, query_.type); break;
    case Type::any:  // RFC 8482 §4.1: one RRset is enough
      put = (has_addresses && (service.put_addresses(owner(), *found.view, Family::v4) ||
                               service.put_addresses(owner(), *found.view, Family::v6))) ||
            service.put_srv(owner(), *found.view);
      break;
    default: break;
  }
  if (put && found.answers->is_protected()) {
    sections_.explain(dns::ExtendedError::stale_answer, "too few instances are ready: critical ones are answered too");
  }
  if (put) return Rcode::noerror;
  if (has_addresses && found.answers->has_hosts()) {
    if (const std::optional<Step> host = answer_host(found)) return *host;
  }
  if (service.has_live(*found.view)) return deny(Rcode::noerror);
  return answer_empty(found);
}

// A known service without a ready instance: `when_empty` of the settings decides.
Resolution::Step Resolution::answer_empty(const RosterName& found) {
  sections_.explain(dns::ExtendedError::other, "the service is known, and none of its instances is ready");
  switch (found.answers->policy().when_empty) {
    case WhenEmpty::nodata: return deny(Rcode::noerror);
    case WhenEmpty::nxdomain: return deny_name();
    case WhenEmpty::servfail: sections_.set_authoritative(false); return Rcode::servfail;
  }
  return deny(Rcode::noerror);
}

Resolution::Step Resolution::answer_instance(const RosterName& found) {
  ServiceCollector service = service_of(*found.answers);
  const bool has_addresses = found.kind == RosterName::Kind::instance;
  if (!service.is_live(*found.member)) return answer_static_name();  // its lease has ended: it is gone, swept or not
  bool put = false;
  switch (query_.type) {
    case Type::a: put = has_addresses && service.put_addresses(owner(), *found.member, Family::v4); break;
    case Type::aaaa: put = has_addresses && service.put_addresses(owner(), *found.member, Family::v6); break;
    case Type::any:
    case Type::srv: put = service.put_srv(owner(), *found.member); break;
    case Type::txt: put = service.put_txt(owner(), *found.member); break;
    default: break;
  }
  if (!put && has_addresses && found.member->has_host_target) {
    if (const std::optional<Step> host = answer_host(found)) return *host;
  }
  return put ? Rcode::noerror : deny(Rcode::noerror);
}

// Of several one at random, with an even chance: a name has one CNAME (RFC 2181 §10.1).
std::optional<Resolution::Step> Resolution::answer_host(const RosterName& found) {
  const bool takes_alias =
      query_.type == Type::a || query_.type == Type::aaaa || query_.type == Type::cname || query_.type == Type::any;
  const bool has_addresses = found.view != nullptr && found.view->v4.count + found.view->v6.count > 0;
  if (!takes_alias || has_addresses) return std::nullopt;
  const bool is_tagged = found.view != nullptr && found.view != &found.answers->all();
  const Member* chosen = found.member;
  std::uint32_t hosts = 0;
  for (const Member& member : found.answers->members()) {
    const registry::Instance& instance = *member.instance;
    const bool is_answered =
        instance.status == registry::Status::ready || (instance.status == registry::Status::critical &&
                                                       found.answers->is_protected() && !instance.is_in_maintenance());
    if (found.view == nullptr || !member.has_host_target || !is_answered || !instance.lease.is_alive(now_)) continue;
    const auto has_tag = [&](std::string_view tag) { return equal_but_for_case(tag, name_->label(0)); };
    if (is_tagged && std::ranges::none_of(instance.tags(), has_tag)) continue;
    if (random_.below(++hosts) == 0) chosen = &member;
  }
  if (chosen == nullptr) return std::nullopt;
  const Bytes target = sections_.keep(found.answers->srv(*chosen).subspan(k_target_in_srv));
  if (target.empty()) return std::nullopt;
  const auto left = std::chrono::floor<std::chrono::seconds>(chosen->instance->lease.cached_until(now_) - now_).count();
  const std::uint32_t full = found.answers->policy().ttl_seconds;
  const auto ttl = static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, full));
  if (trace_ == nullptr) found.answers->note_answered(now_, ttl);
  return answer_alias(ttl, target);
}

Resolution::Step Resolution::answer_alias(std::uint32_t ttl, Bytes target) {
  redirections_[aliases_] = nullptr;
  if (query_.type != Type::any) return follow(ttl, target);
  const std::size_t first = sections_.list_size();
  sections_.list(target);
  sections_.add(Section::answer,
                {.owner = owner(), .type = Type::cname, .ttl = ttl, .rdata = sections_.end_list(first)}, 1,
                k_record_head_bytes);
  return Rcode::noerror;
}

// --- DNS-SD (RFC 6763), and reverse names ---

// `_T._sub._S._P.Z`: the instances are named below `_S._P.Z`, two labels on.
Resolution::Step Resolution::answer_subtype(const RosterName& found) {
  ServiceCollector service = service_of(*found.answers);
  if (asks_for(Type::ptr) && service.put_ptr(owner(), *found.view, found.protocol, wire(2))) return Rcode::noerror;
  return deny(Rcode::noerror);
}

Resolution::Step Resolution::answer_types() {
  if (!asks_for(Type::ptr)) return deny(Rcode::noerror);
  PtrCollector(sections_, owner(), zone_->policy.ttl_seconds, now_)
      .put_types(roster_.types(zone_->id), wire(name_->labels - zone_->apex_labels));
  return sections_.records(Section::answer) > 0 ? Rcode::noerror : deny(Rcode::noerror);
}

Resolution::Step Resolution::answer_domain() {
  if (!asks_for(Type::ptr)) return deny(Rcode::noerror);
  PtrCollector(sections_, owner(), zone_->policy.ttl_seconds, now_).put_one(zone_->records.apex().wire());
  return Rcode::noerror;
}

Resolution::Step Resolution::answer_reverse(const ReverseName& reverse) {
  if (!asks_for(Type::ptr)) return deny(Rcode::noerror);
  PtrCollector(sections_, owner(), zone_->policy.ttl_seconds, now_).put_targets(reverse);
  return sections_.records(Section::answer) > 0 ? Rcode::noerror : deny(Rcode::nxdomain);
}

// --- Names of the zone file ---

Resolution::Step Resolution::answer_static_name() {
  const StaticAnswer found = zone_->records.look_up(*name_, query_.type);
  if (found.wildcard && has_closer_roster_name(*name_, *found.node)) return deny(Rcode::nxdomain);  // RFC 4592 §3.3.1
  if (trace_ != nullptr && found.found != Found::nxdomain) [[unlikely]]
    trace_->find(found);  // else it is as the roll has left it
  switch (found.found) {
    case Found::hit: return answer_hit(found);
    case Found::nodata: return deny(Rcode::noerror);
    case Found::nxdomain: return deny(Rcode::nxdomain);
    case Found::delegation: return refer(found);
    case Found::alias: return follow_alias(found);
    case Found::redirect: return follow_redirect(found);
    case Found::unavailable: sections_.set_authoritative(false); return Rcode::servfail;
  }
  return Rcode::servfail;
}

// Whether a name of the roll encloses this one more closely than the wildcard's parent does.
bool Resolution::has_closer_roster_name(const dns::QuestionName& name, const Node& wildcard) const {
  constexpr std::size_t k_own_labels_max = 5;  // of a name of the roll: `_T._sub._S._P.Z` has the most
  const std::size_t encloser_labels = wildcard.owner.label_count() - 1;
  std::size_t labels = std::min<std::size_t>(name.labels - 1U, zone_->apex_labels + k_own_labels_max);
  for (; labels > encloser_labels; --labels) {
    const std::string_view above = name.suffix(name.labels - labels);
    dns::QuestionName encloser;
    if (!encloser.read(octets(above))) continue;
    if (is_roster_name(encloser)) return true;
  }
  return false;
}

bool Resolution::is_roster_name(const dns::QuestionName& name) const {
  return is_there(roster_.find(*zone_, name, now_));
}

bool Resolution::is_there(const RosterName& found) const {
  if (found.kind == RosterName::Kind::none || found.kind == RosterName::Kind::missing) return false;
  return found.member == nullptr || found.member->instance->lease.is_alive(now_);
}

Resolution::Step Resolution::answer_hit(const StaticAnswer& found) {
  if (found.rrset == nullptr) return answer_any(found);
  put_answer(owner(), *found.rrset);
  put_target_records(*found.rrset);
  return Rcode::noerror;
}

// RFC 8482 §4.1: one RRset, the one most likely to be of use.
Resolution::Step Resolution::answer_any(const StaticAnswer& found) {
  const RRset* best = nullptr;
  for (const Type type : {Type::cname, Type::a, Type::aaaa, Type::mx, Type::txt}) {
    if (best == nullptr) best = found.node->find(type);
  }
  if (best == nullptr && !found.node->rrsets.empty()) best = &found.node->rrsets.front();
  if (best == nullptr) return deny(Rcode::noerror);
  put_answer(owner(), *best);
  return Rcode::noerror;
}

Resolution::Step Resolution::follow_alias(const StaticAnswer& found) {
  redirections_[aliases_] = nullptr;
  return follow(found.rrset->ttl, octets(found.rrset->rdatas.front()));
}

// RFC 6672 §3.2: the DNAME, and a CNAME made from it with the same TTL.
Resolution::Step Resolution::follow_redirect(const StaticAnswer& found) {
  if (!has_followed(*found.rrset)) put_answer({.name = found.node->owner.wire()}, *found.rrset);
  redirections_[aliases_] = found.rrset;
  const std::string& onto = found.rrset->rdatas.front();
  const std::size_t kept = static_cast<std::size_t>(name_->size) - found.node->owner.wire().size();
  if (kept + onto.size() > limits::k_name_bytes_max) return Rcode::yxdomain;  // RFC 6672 §2.2
  const Bytes target = sections_.keep(spelling_.first(kept), octets(onto));
  check(!target.empty(), "every target of a chain is kept");
  return follow(found.rrset->ttl, target);
}

Resolution::Step Resolution::follow(std::uint32_t ttl, Bytes target) {
  // ANY comes here by DNAME only, and goes on (RFC 6672 §3.2). RFC 1034 §5.2.2: a chain nobody means, or a circle, ends with
  // what has been collected.
  const bool goes_on =
      query_.type != Type::cname && aliases_ < targets_.size() && targets_[aliases_].read(target) && !is_circle();
  const std::size_t first = sections_.list_size();
  sections_.list(target);
  sections_.add(
      Section::answer,
      {.owner = owner(), .type = Type::cname, .ttl = ttl, .is_alias = goes_on, .rdata = sections_.end_list(first)}, 1,
      k_record_head_bytes);
  if (!goes_on) return Rcode::noerror;
  name_ = &targets_[aliases_++];
  const Zone* next = zones_.find_answering(*name_, query_.type);
  if (next == nullptr) {  // out of our zones: the client asks on
    if (trace_ != nullptr) [[unlikely]]
      trace_->leave(*name_, sections_.records(Section::answer));
    return Rcode::noerror;
  }
  zone_ = next;
  spelling_ = target;
  return std::nullopt;
}

// RFC 2181 §5: a set stands in an answer once, however often it leads on.
bool Resolution::has_followed(const RRset& dname) const {
  return std::ranges::any_of(std::span(redirections_).first(aliases_),
                             [&](const RRset* followed) { return followed == &dname; });
}

// Whether the target read last is a name that has been answered.
bool Resolution::is_circle() const {
  const std::string_view target = targets_[aliases_].suffix(0);
  return target == query_.name.suffix(0) ||
         std::ranges::any_of(std::span(targets_).first(aliases_),
                             [&](const dns::QuestionName& earlier) { return earlier.suffix(0) == target; });
}

// RFC 1034 §4.3.2 step 3b. Not authoritative, unless an alias of ours led here.
Resolution::Step Resolution::refer(const StaticAnswer& found) {
  if (sections_.records(Section::answer) == 0) sections_.set_authoritative(false);
  const RRset& ns = *found.rrset;
  sections_.add_static(Section::authority, {.name = found.node->owner.wire()}, {&ns}, ns.ttl, Fit::required);
  put_glue(ns, *found.node, GlueOf::delegated_zone);
  put_glue(ns, *found.node, GlueOf::others);
  return Rcode::noerror;
}

}  // namespace rollcall::answer
