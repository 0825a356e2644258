#include "answer/roster/roster.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/check.h"

namespace rollcall::answer {
namespace {

std::optional<registry::Protocol> protocol_of_label(std::string_view label) {
  if (label == "_tcp") return registry::Protocol::tcp;
  if (label == "_udp") return registry::Protocol::udp;
  return std::nullopt;
}

// `_dns-sd._udp` and what is below it.
RosterName find_domain_name(const dns::QuestionName& name, std::size_t own_labels) {
  if (own_labels == 2) return {RosterName::Kind::empty};
  const std::string_view label = name.label(0);
  if (own_labels == 3 && label == "_services") return {RosterName::Kind::types};
  if (own_labels == 3 && (label == "b" || label == "lb")) return {RosterName::Kind::domain};
  return {};
}

}  // namespace

Roster::Roster(const Zones& zones, PolicyOf policy_of)
    : zones_(zones), policy_of_(std::move(policy_of)), types_(zones.size()), protocol_counts_(zones.size()) {
  const rcu::ReadLock lock;
  if (std::ranges::any_of(zones.table().zones(), &Zone::is_reverse)) reverse_.emplace();
}

void Roster::publish(const registry::Service& service) {
  const rcu::ReadLock lock;
  const Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(service.service.zone));
  check(!zone.is_reverse, "a reverse zone has no services");
  const ServiceAnswers* before = find_own(service.key());
  const std::string label = label_of(service);
  std::shared_ptr<SharedState> state = before == nullptr ? std::make_shared<SharedState>() : before->shared_state();
  if (before != nullptr && before->key().name != label) {
    remove(*before);
    before = nullptr;
  }
  if (services_.find({service.service.zone, label}) != before) return;  // another service has the label
  set_label(service.key(), label);
  auto answers = ServiceAnswers::make(service, label, zone.records.apex(), policy_of_(service.key()), std::move(state));
  const registry::ProtocolSet is = answers->protocols();
  const ServiceAnswers& now = *answers;
  std::unique_ptr<const ServiceAnswers> old = services_.publish(std::move(answers));
  check(old.get() == before, "a service is published in place of what it was");
  list_type(now);
  update_reverse(old.get(), &now);
  count(service.service.zone, old == nullptr ? registry::ProtocolSet{0} : old->protocols(), is);
  check(find_own(service.key()) == &now, "what has been published is found");
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

void Roster::withdraw(const registry::ServiceRef& service) {
  const rcu::ReadLock lock;
  const ServiceAnswers* answers = find_own(service);
  if (answers == nullptr) return;  // another service has its label
  remove(*answers);
  set_label(service, service.name);
  check(find_own(service) == nullptr, "what has been withdrawn is not found");
}

void Roster::remove(const ServiceAnswers& answers) {
  count(answers.key().zone, answers.protocols(), 0);
  types_.at(static_cast<std::size_t>(answers.key().zone)).update(answers.shared_state()->listing, nullptr);
  update_reverse(&answers, nullptr);
  rcu::Entry::retire(services_.remove(answers));
}

void Roster::update_reverse(const ServiceAnswers* before, const ServiceAnswers* now) {
  if (!reverse_) return;
  const ServiceAnswers& either = now == nullptr ? *before : *now;
  const Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(either.key().zone));
  const std::optional<dns::Name> name = dns::Name::join(either.key().name, zone.records.apex());
  check(name.has_value(), "a registered service has a name in its zone");
  reverse_->update(*name, before == nullptr ? std::vector<NamedInstance>{} : before->named_instances(),
                   now == nullptr ? std::vector<NamedInstance>{} : now->named_instances());
}

// --- Labels that are not the names of their services ---

const ServiceAnswers* Roster::find_own(const registry::ServiceRef& service) const {
  if (labels_.empty()) [[likely]]
    return services_.find(service);
  const registry::ServiceKey key = registry::to_key(service);
  const auto label = labels_.find(key);
  if (label != labels_.end()) return services_.find({service.zone, label->second});
  return names_.contains(key) ? nullptr : services_.find(service);  // else it is another's label
}

// A service that has been emptied keeps the label that it had.
std::string Roster::label_of(const registry::Service& service) const {
  if (service.instances.empty() && !labels_.empty()) {
    if (const auto label = labels_.find(service.service); label != labels_.end()) return label->second;
  }
  return zones_.label_of(service);
}

void Roster::set_label(const registry::ServiceRef& service, std::string_view label) {
  if (labels_.empty() && label == service.name) return;
  const registry::ServiceKey key = registry::to_key(service);
  if (const auto before = labels_.find(key); before != labels_.end()) {
    names_.erase({service.zone, before->second});
    labels_.erase(before);
  }
  if (label == service.name) return;
  labels_.emplace(key, label);
  names_.emplace(registry::ServiceKey{service.zone, std::string(label)}, service.name);
  renamed_.store(labels_.size(), std::memory_order_relaxed);
}

// What is derived from a name is the same each time, so readers need no list.
const ServiceAnswers* Roster::find_renamed(const registry::ServiceRef& service, Now now) const noexcept {
  if (renamed_.load(std::memory_order_relaxed) == 0) return nullptr;
  const std::string label = registry::derived_label_of(service.name);
  return find_service({service.zone, label}, now);
}

// `_S._P.Z` is listed while the service has a ready instance. A name that fills a label has no type: `_S` would be none.
void Roster::list_type(const ServiceAnswers& answers) {
  const bool is_listed = answers.all().count > 0 && answers.key().name.size() < limits::k_label_bytes_max;
  types_.at(static_cast<std::size_t>(answers.key().zone))
      .update(answers.shared_state()->listing, is_listed ? &answers : nullptr);
}

registry::LeaseTime Roster::answered_until(const registry::ServiceRef& service, registry::LeaseTime now) const {
  const rcu::ReadLock lock;
  const ServiceAnswers* answers = find_own(service);
  return answers == nullptr ? registry::LeaseTime{} : answers->answered().until(now);
}

void Roster::assume_answered(const registry::ServiceRef& service, registry::LeaseTime now) {
  const rcu::ReadLock lock;
  if (const ServiceAnswers* answers = find_own(service)) {
    answers->note_answered(now, answers->policy().ttl_seconds);
  }
}

void Roster::count(registry::ZoneId zone, registry::ProtocolSet was, registry::ProtocolSet is) {
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    std::atomic<std::uint32_t>& services =
        protocol_counts_.at(static_cast<std::size_t>(zone)).services[static_cast<std::size_t>(protocol)];
    const bool had = (was & registry::to_set(protocol)) != 0;
    const bool has = (is & registry::to_set(protocol)) != 0;
    if (has && !had) services.fetch_add(1, std::memory_order_relaxed);
    if (had && !has) {
      check(services.fetch_sub(1, std::memory_order_relaxed) > 0, "no more services lose a protocol than have had it");
    }
  }
}

const ServiceAnswers* Roster::find_service(const registry::ServiceRef& service, std::uint64_t hash,
                                           Now now) const noexcept {
  const ServiceAnswers* answers = services_.find(service, hash);
  return answers == nullptr || !now ? answers : &answers->as_of(*now);
}

std::size_t Roster::count_protected(registry::LeaseTime now) const {
  std::size_t count = 0;
  services_.for_each([&](const ServiceAnswers& answers) { count += answers.as_of(now).is_protected() ? 1U : 0U; });
  return count;
}

RosterName Roster::find(const Zone& zone, const dns::QuestionName& name, Now now) const noexcept {
  const std::size_t apex_labels = zone.apex_labels;
  if (zone.is_reverse) return find_reverse(zone, name);
  if (name.labels <= apex_labels) return {};
  const std::size_t own_labels = name.labels - apex_labels;
  const std::string_view nearest = name.label(own_labels - 1);  // the label just below the apex
  if (nearest.front() != '_') return find_below_service(zone.id, name, own_labels, now);
  if (const auto protocol = protocol_of_label(nearest)) {
    return find_below_protocol(zone.id, name, own_labels, *protocol, now);
  }
  return find_below_service(zone.id, name, own_labels, now);  // other doors take names that begin so
}

// What the zone file says of a reverse name stands; else the roll, if anybody has the address. Instances may be below a
// name of fewer labels, so it is never NXDOMAIN (RFC 8020 §2).
RosterName Roster::find_reverse(const Zone& zone, const dns::QuestionName& name) const noexcept {
  if (!zone.reverse || is_told_by_file(zone, name)) return {};
  const ReversePlace place = zone.reverse->place_of(name);
  if (place.kind == ReversePlace::Kind::prefix && name.labels > zone.apex_labels) return {RosterName::Kind::empty};
  const ReverseName* reverse = place.kind == ReversePlace::Kind::address ? reverse_->find(place.address) : nullptr;
  if (reverse == nullptr) return {};
  RosterName found{RosterName::Kind::reverse};
  found.reverse = reverse;
  return found;
}

// `S`, `X.S`. No label is a tag as well (registry/rules.h).
RosterName Roster::find_below_service(registry::ZoneId zone, const dns::QuestionName& name, std::size_t own_labels,
                                      Now now) const noexcept {
  const ServiceAnswers* answers = find_service({zone, name.label(own_labels - 1)}, now);
  if (answers == nullptr) return {};
  if (own_labels == 1) return {RosterName::Kind::service, answers, &answers->all()};
  if (own_labels > 2) return {RosterName::Kind::missing, answers};
  const std::string_view below = name.label(0);
  if (const Member* member = answers->find_member(below)) {
    return {RosterName::Kind::instance, answers, nullptr, member};
  }
  if (const View* view = answers->find_tag(below)) return {RosterName::Kind::service, answers, view};
  return {RosterName::Kind::missing, answers};
}

// `_P`, `_S._P`, `I._S._P`.
RosterName Roster::find_below_protocol(registry::ZoneId zone, const dns::QuestionName& name, std::size_t own_labels,
                                       registry::Protocol protocol, Now now) const noexcept {
  const std::atomic<std::uint32_t>& services =
      protocol_counts_[static_cast<std::size_t>(zone)].services[static_cast<std::size_t>(protocol)];
  // `_udp` always has the names of DNS-SD below it.
  const bool exists = protocol == registry::Protocol::udp || services.load(std::memory_order_relaxed) > 0;
  if (own_labels == 1) return {exists ? RosterName::Kind::empty : RosterName::Kind::none};
  const std::string_view service = name.label(own_labels - 2);
  if (protocol == registry::Protocol::udp && service == "_dns-sd") return find_domain_name(name, own_labels);
  if (service.front() != '_') return {};
  const ServiceAnswers* answers = find_service({zone, service.substr(1)}, now);
  const View* view = answers == nullptr ? nullptr : answers->find_protocol(protocol);
  if (view == nullptr) return {};
  RosterName found{RosterName::Kind::service_srv, answers, view};
  found.protocol = protocol;
  if (own_labels == 2) return found;
  if (name.label(own_labels - 3) == "_sub") return find_below_subtypes(*answers, *view, name, own_labels, protocol);
  const Member* member = own_labels == 3 ? answers->find_member(name.label(0)) : nullptr;
  if (member == nullptr || member->instance->protocol() != protocol) {
    return {RosterName::Kind::missing, answers};
  }
  return {RosterName::Kind::instance_srv, answers, nullptr, member};
}

// `_sub._S._P`, `_T._sub._S._P`.
RosterName Roster::find_below_subtypes(const ServiceAnswers& answers, const View& view, const dns::QuestionName& name,
                                       std::size_t own_labels, registry::Protocol protocol) const noexcept {
  if (own_labels == 3)
    return {answers.has_tags() ? RosterName::Kind::empty : RosterName::Kind::missing, &answers, &view};
  const std::string_view tag = name.label(0);
  const View* tagged = own_labels == 4 && tag.front() == '_' ? answers.find_tag(tag.substr(1)) : nullptr;
  if (tagged == nullptr) return {RosterName::Kind::missing, &answers};
  RosterName found{RosterName::Kind::subtype, &answers, tagged};
  found.protocol = protocol;
  return found;
}

}  // namespace rollcall::answer
