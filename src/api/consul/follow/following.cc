#include "api/consul/follow/following.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "api/consul/catalog.h"
#include "base/limits.h"
#include "base/rcu.h"
#include "consul/attributes.h"
#include "consul/names.h"

namespace rollcall::api::consul {
namespace {

constexpr std::string_view k_author = "consul follow";  // in the history
constexpr Route k_put{Method::put, "/v1/catalog/register", Right::write, &register_in_catalog, Effect::change};
constexpr Route k_remove{Method::put, "/v1/catalog/deregister", Right::write, &deregister_in_catalog, Effect::change};

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

// What names an instance, or a check of it, that was taken over.
std::string removal_body(const std::string& node, const std::string& authority, std::string_view of,
                         const std::string& id) {
  boost::json::object body{{"Node", node}};
  body["NodeMeta"] = boost::json::object{{k_taken_over_mark, authority}};
  body[of] = id;
  return boost::json::serialize(body);
}

}  // namespace

// A service as it is on the roll.
struct Following::Here {
  struct Own {
    std::string id;
    std::vector<std::string> addresses;
    std::uint16_t port;
  };
  registry::ChangeIndex index = 0;
  std::map<Place, std::vector<std::string>> taken;  // over, with their checks
  std::vector<Own> own;                             // have registered by themselves

  [[nodiscard]] bool has_own(const SourceInstance& wanted, bool is_only_one) const {
    return std::ranges::any_of(own, [&](const Own& each) {
      if (each.id != wanted.id) return false;
      return is_only_one || (each.port == wanted.port && has(each.addresses, wanted.address));
    });
  }
};

Following::Following(const ConsulDoor& door, const registry::Registry& registry, const registry::ZoneDirectory& zones,
                     registry::Waiters& waiters, std::string authority)
    : door_(door), registry_(registry), zones_(zones), waiters_(waiters), authority_(std::move(authority)) {}

Following::Here Following::here(const std::string& service) const {
  Here here;
  const Result<std::string> key = rollcall::consul::parse_service_name(service);
  const registry::Service* const found = key ? registry_.find_service({registry::ZoneId{0}, *key}) : nullptr;
  if (found == nullptr) return here;
  here.index = found->index;
  for (const registry::Instance* instance : found->instances) {
    const auto attributes = rollcall::consul::parse_attributes(instance->attributes());
    const std::string id = attributes.id.empty() ? std::string(instance->id()) : attributes.id;
    const auto mark = attributes.node ? attributes.node->meta.find(std::string(k_taken_over_mark))
                                      : std::map<std::string, std::string>::const_iterator();
    if (attributes.node && mark != attributes.node->meta.end() && mark->second == authority_) {
      std::vector<std::string>& checks = here.taken[{attributes.node->name, id}];
      for (const auto& check : instance->checks()) checks.emplace_back(check.id);
      continue;
    }
    Here::Own own{id, {}, instance->port()};
    for (const auto& address : instance->addresses()) own.addresses.push_back(address.text());
    if (!instance->host().empty()) own.addresses.emplace_back(instance->host());
    here.own.push_back(std::move(own));
  }
  return here;
}

Result<std::vector<std::string>> Following::take_names(std::string_view body) const {
  Result<std::vector<std::string>> names = read_source_names(body);
  if (!names) return names;
  std::set<std::string> keys;
  for (const std::string& name : *names) keys.insert(rollcall::consul::parse_service_name(name).value_or(name));
  const rcu::ReadLock lock;
  registry_.for_each_service([&](const registry::Service& service) {
    if (service.service.zone != registry::ZoneId{0} || keys.contains(service.service.name)) return;
    const bool has_mark = std::ranges::any_of(service.instances, [](const registry::Instance* instance) {
      return instance->attributes().contains(k_taken_over_mark);
    });
    if (has_mark && !here(service.service.name).taken.empty()) names->push_back(service.service.name);
  });
  return names;
}

Result<std::vector<FollowStep>> Following::take(const std::string& service, std::string_view body,
                                                registry::LeaseTime now) {
  Result<SourceService> source = read_source_service(body, authority_);
  if (!source) return std::unexpected(source.error());
  Followed& followed = services_[service];
  followed.source = std::move(*source);
  const rcu::ReadLock lock;
  return compare(followed, here(service), now);
}

std::vector<FollowStep> Following::look_again(const std::string& service, registry::LeaseTime now) {
  const auto found = services_.find(service);
  if (found == services_.end()) return {};
  const rcu::ReadLock lock;
  const Result<std::string> key = rollcall::consul::parse_service_name(service);
  const registry::Service* const known = key ? registry_.find_service({registry::ZoneId{0}, *key}) : nullptr;
  if ((known == nullptr ? 0 : known->index) == found->second.looked_at) return {};
  return compare(found->second, here(service), now);
}

std::vector<FollowStep> Following::compare(Followed& followed, const Here& here, registry::LeaseTime now) {
  followed.looked_at = here.index;
  std::vector<FollowStep> steps;
  std::set<Place> there;
  for (const SourceInstance& wanted : followed.source.instances) there.emplace(wanted.node, wanted.id);
  std::erase_if(followed.moved, [&](const Place& place) { return !there.contains(place); });
  std::erase_if(followed.put, [&](const auto& each) { return !there.contains(each.first); });
  std::erase_if(followed.refused, [&](const auto& each) { return !there.contains(each.first); });
  for (const SourceInstance& wanted : followed.source.instances) {
    const bool is_only_one = std::ranges::count(followed.source.instances, wanted.id, &SourceInstance::id) == 1;
    const Place place(wanted.node, wanted.id);
    if (here.has_own(wanted, is_only_one)) followed.moved.insert(place);
    if (!followed.moved.contains(place)) put(followed, here, wanted, now, steps);
  }
  for (const auto& [place, checks] : here.taken) {
    if (!there.contains(place) || followed.moved.contains(place)) steps.push_back(removal(place, now));
  }
  return steps;
}

void Following::put(Followed& followed, const Here& here, const SourceInstance& wanted, registry::LeaseTime now,
                    std::vector<FollowStep>& steps) {
  const Place place(wanted.node, wanted.id);
  const auto twin = here.taken.find(place);
  const auto is_told = [&](const std::map<Place, std::string>& bodies) {
    const auto known = bodies.find(place);
    return known != bodies.end() && known->second == wanted.body;
  };
  if ((twin != here.taken.end() && is_told(followed.put)) || is_told(followed.refused)) return;
  FollowStep step{.node = wanted.node, .id = wanted.id, .body = wanted.body, .changes = {}};
  ask(k_put, wanted.body, now, step);
  if (twin != here.taken.end() && step.refused.empty()) {
    for (const std::string& check : twin->second) {
      if (has(wanted.checks, check)) continue;
      ask(k_remove, removal_body(wanted.node, authority_, "CheckID", check), now, step);
    }
  }
  steps.push_back(std::move(step));
}

FollowStep Following::removal(const Place& place, registry::LeaseTime now) {
  FollowStep step{.kind = FollowStep::Kind::remove, .node = place.first, .id = place.second, .body = {}, .changes = {}};
  ask(k_remove, removal_body(place.first, authority_, "ServiceID", place.second), now, step);
  return step;
}

void Following::ask(const Route& route, const std::string& body, registry::LeaseTime now, FollowStep& step) {
  const Request request{.method = Method::put, .target = route.path.text(), .body = body};
  const Standing standing{.principal = {}, .grant = &grant_};
  const PathMatch path;
  const Query query;
  const Call call{.request = request,
                  .door = door_,
                  .route = route,
                  .path = path,
                  .query = query,
                  .standing = standing,
                  .now = now,
                  .registry = registry_,
                  .zones = zones_,
                  .waiters = waiters_,
                  .counters = counters_,
                  .ahead = PendingAhead::nothing};
  Routed routed = route.handler(call);
  if (auto* changes = std::get_if<Submissions>(&routed)) {
    for (registry::Change& change : changes->changes) {
      change.by = k_author;
      step.changes.push_back(std::move(change));
    }
  } else if (const auto* response = std::get_if<Response>(&routed); response != nullptr && response->status != 200) {
    step.refused = response->body;
  }
}

void Following::finished(const std::string& service, const FollowStep& step, bool is_done) {
  const auto found = services_.find(service);
  if (found == services_.end() || step.kind == FollowStep::Kind::remove) return;
  const Place place(step.node, step.id);
  Followed& followed = found->second;
  followed.put.erase(place);
  followed.refused.erase(place);
  if (is_done) {
    followed.put[place] = step.body;
  } else if (!step.refused.empty()) {
    followed.refused[place] = step.body;
    followed.source.left_out.push_back(fmt::format("{} of node {}: {}", step.id, step.node, step.refused));
  }
}

void Following::forget(const std::string& service) { services_.erase(service); }

std::size_t Following::instances() const {
  std::size_t count = 0;
  for (const auto& [name, followed] : services_) count += followed.put.size();
  return count;
}

std::vector<std::string> Following::left_out() const {
  std::vector<std::string> sentences;
  for (const auto& [name, followed] : services_) {
    for (const std::string& sentence : followed.source.left_out) {
      if (sentences.size() == limits::k_ignored_rows_shown_max) return sentences;
      sentences.push_back(fmt::format("{}: {}", name, sentence));
    }
  }
  return sentences;
}

}  // namespace rollcall::api::consul
