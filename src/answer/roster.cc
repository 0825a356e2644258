#include "answer/roster.h"

#include <optional>

#include "base/check.h"

namespace rollcall::answer {
namespace {

std::optional<registry::Protocol> protocol_of_label(std::string_view label) {
  if (label == "_tcp") return registry::Protocol::tcp;
  if (label == "_udp") return registry::Protocol::udp;
  return std::nullopt;
}

}  // namespace

void Roster::publish(const registry::Service& service) {
  const rcu::ReadLock lock;
  const Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(service.service.zone));
  auto answers = std::make_unique<ServiceAnswers>(service, zone.records.apex(), policy_of_(service.key()));
  const registry::ProtocolSet is = answers->protocols();
  std::unique_ptr<const ServiceAnswers> old = services_.publish(std::move(answers));
  count(service.service.zone, old == nullptr ? registry::ProtocolSet{0} : old->protocols(), is);
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

void Roster::withdraw(const registry::ServiceRef& service) {
  const rcu::ReadLock lock;
  const ServiceAnswers* answers = services_.find(service);
  check(answers != nullptr, "a service is withdrawn after it was published");
  count(service.zone, answers->protocols(), 0);
  rcu::Entry::retire(services_.remove(*answers));
}

void Roster::count(registry::ZoneId zone, registry::ProtocolSet was, registry::ProtocolSet is) {
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    std::atomic<std::uint32_t>& services =
        protocol_counts_.at(static_cast<std::size_t>(zone)).services[static_cast<std::size_t>(protocol)];
    const bool had = (was & registry::to_set(protocol)) != 0;
    const bool has = (is & registry::to_set(protocol)) != 0;
    if (has && !had) services.fetch_add(1, std::memory_order_relaxed);
    if (had && !has) services.fetch_sub(1, std::memory_order_relaxed);
  }
}

RosterName Roster::find(const Zone& zone, const dns::QuestionName& name) const noexcept {
  const std::size_t apex_labels = zone.apex_labels;
  if (name.labels <= apex_labels) return {};
  const std::size_t own_labels = name.labels - apex_labels;
  const std::string_view nearest = name.label(own_labels - 1);  // the label just below the apex
  if (nearest.front() != '_') return find_below_service(zone.id, name, own_labels);
  if (const auto protocol = protocol_of_label(nearest)) {
    return find_below_protocol(zone.id, name, own_labels, *protocol);
  }
  return {};
}

// `S`, `X.S`: an instance's label wins over an equal tag.
RosterName Roster::find_below_service(registry::ZoneId zone, const dns::QuestionName& name,
                                      std::size_t own_labels) const noexcept {
  const ServiceAnswers* answers = services_.find({zone, name.label(own_labels - 1)});
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
                                       registry::Protocol protocol) const noexcept {
  const std::atomic<std::uint32_t>& services =
      protocol_counts_[static_cast<std::size_t>(zone)].services[static_cast<std::size_t>(protocol)];
  if (own_labels == 1) {
    return {services.load(std::memory_order_relaxed) > 0 ? RosterName::Kind::empty : RosterName::Kind::none};
  }
  const std::string_view service = name.label(own_labels - 2);
  if (service.front() != '_') return {};
  const ServiceAnswers* answers = services_.find({zone, service.substr(1)});
  const View* view = answers == nullptr ? nullptr : answers->find_protocol(protocol);
  if (view == nullptr) return {};
  if (own_labels == 2) return {RosterName::Kind::service_srv, answers, view};
  const Member* member = own_labels == 3 ? answers->find_member(name.label(0)) : nullptr;
  if (member == nullptr || member->instance->registration.protocol != protocol) {
    return {RosterName::Kind::missing, answers};
  }
  return {RosterName::Kind::instance_srv, answers, nullptr, member};
}

}  // namespace rollcall::answer
