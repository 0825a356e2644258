#include "registry/work/catalog_index.h"

#include <algorithm>

#include "base/hash.h"

namespace rollcall::registry {
namespace {

std::uint64_t hash_with(std::uint64_t sum, std::string_view text) { return hash_bytes(text, sum); }

}  // namespace

class CatalogIndex::Awaits final : public Awaited {
 public:
  Awaits(const CatalogIndex& index, TopicRef::Kind kind, ZoneId zone, std::string name, ChangeIndex known)
      : index_(index), kind_(kind), zone_(zone), name_(std::move(name)), known_(known) {}

  std::unique_ptr<Seat> take_seat(Wake wake) override {
    return index_.waiters_.take_seat(topic(), known_, std::move(wake));
  }
  bool is_over() const override { return index_.index_of(topic()) != known_; }

 private:
  [[nodiscard]] TopicRef topic() const { return {kind_, zone_, name_}; }

  const CatalogIndex& index_;
  const TopicRef::Kind kind_;
  const ZoneId zone_;
  const std::string name_;
  const ChangeIndex known_;
};

CatalogIndex::CatalogIndex(Waiters& waiters, std::size_t zones, FaceOf face_of)
    : waiters_(waiters), face_of_(std::move(face_of)) {
  for (std::size_t i = 0; i < zones; ++i) zones_.push_back(std::make_unique<Zone>());
}

CatalogIndex::~CatalogIndex() = default;

ChangeIndex CatalogIndex::node(ZoneId zone, std::string_view name) const {
  const Zone& its = zone_of(zone);
  const auto index = its.nodes.with([&](const auto& nodes) {
    const auto found = nodes.find(name);
    return found == nodes.end() ? 0 : found->second.index;
  });
  return index != 0 ? index : its.nodes_gone.load(std::memory_order_acquire);
}

ChangeIndex CatalogIndex::index_of(const TopicRef& topic) const {
  switch (topic.kind) {
    case TopicRef::Kind::names: return names(topic.zone);
    case TopicRef::Kind::everything: return everything(topic.zone);
    case TopicRef::Kind::node: return node(topic.zone, topic.name);
    case TopicRef::Kind::service: break;  // the roll has it
  }
  return 0;
}

std::unique_ptr<Awaited> CatalogIndex::await_names(ZoneId zone, ChangeIndex known) const {
  return std::make_unique<Awaits>(*this, TopicRef::Kind::names, zone, std::string(), known);
}

std::unique_ptr<Awaited> CatalogIndex::await_everything(ZoneId zone, ChangeIndex known) const {
  return std::make_unique<Awaits>(*this, TopicRef::Kind::everything, zone, std::string(), known);
}

std::unique_ptr<Awaited> CatalogIndex::await_node(ZoneId zone, std::string node, ChangeIndex known) const {
  return std::make_unique<Awaits>(*this, TopicRef::Kind::node, zone, std::move(node), known);
}

// Nobody waits yet.
void CatalogIndex::begin(ChangeIndex index) {
  last_ = std::max(last_, index);
  for (const std::unique_ptr<Zone>& zone : zones_) {
    for (std::atomic<ChangeIndex>* const each :
         {&zone->names, &zone->everything, &zone->missing_since, &zone->nodes_gone}) {
      each->store(last_, std::memory_order_release);
    }
    zone->nodes.with([&](auto& nodes) {
      for (auto& [name, node] : nodes) node.index = last_;
    });
  }
}

void CatalogIndex::publish(const Service& service) {
  Seen now;
  auto at = now.nodes.end();  // nearly all instances are of one node
  for (const Instance* instance : service.instances) {
    const CatalogFace face = face_of_(*instance);
    std::uint64_t names = hash_with(hash_with(hash_seed(), instance->id()), face.name);
    for (const std::string_view tag : instance->tags()) names = hash_with(names, tag);
    now.names += names;
    // Which version of which instance: two versions never have one index.
    if (at == now.nodes.end() || at->first != face.node) at = now.nodes.try_emplace(face.node).first;
    at->second += hash_with(instance->index, instance->id());
  }
  if (!service.instances.empty() && now.names == 0) now.names = 1;
  const auto place = services_.try_emplace(service.service).first;
  Seen before = std::exchange(place->second, std::move(now));
  change(service.key(), std::move(before), place->second, service.index);
}

void CatalogIndex::withdraw(const ServiceRef& service) {
  const auto place = services_.find(service);
  if (place == services_.end()) return;
  const Seen before = std::move(place->second);
  services_.erase(place);
  // Whoever has seen the service has seen no later index; a client that knows an earlier one may have missed its end.
  zone_of(service.zone).missing_since.store(last_, std::memory_order_release);
  if (before.names != 0) change(service, before, {}, last_ + 1);
}

void CatalogIndex::change(const ServiceRef& service, Seen before, const Seen& now, ChangeIndex index) {
  last_ = std::max(last_, index);
  Zone& zone = zone_of(service.zone);
  // Shown again, as after a reload: nothing is new.
  if (before.names == now.names && before.nodes == now.nodes) return;
  move(TopicRef::Kind::everything, service.zone, zone.everything, index);
  if (before.names != now.names) move(TopicRef::Kind::names, service.zone, zone.names, index);
  change_nodes(service.zone, before.nodes, now.nodes, index);
}

// Never to an index that it has had: whoever knew that one would not be woken.
void CatalogIndex::move(TopicRef::Kind kind, ZoneId zone, std::atomic<ChangeIndex>& index, ChangeIndex to) {
  const ChangeIndex next = std::max(index.load(std::memory_order_relaxed) + 1, to);
  last_ = std::max(last_, next);
  index.store(next, std::memory_order_release);
  waiters_.move({kind, zone}, next);
}

void CatalogIndex::change_nodes(ZoneId zone, const Sums& before, const Sums& now, ChangeIndex index) {
  Zone& its = zone_of(zone);
  const auto change_one = [&](const std::string& name, bool was_there, bool is_there) {
    const ChangeIndex moved = its.nodes.with([&](auto& nodes) {
      Node& node = nodes[name];
      node.index = std::max(node.index + 1, index);
      node.services = node.services + (is_there ? 1 : 0) - (was_there ? 1 : 0);
      const ChangeIndex next = node.index;
      if (node.services == 0) {
        nodes.erase(name);
        its.nodes_gone.store(std::max(its.nodes_gone.load(std::memory_order_relaxed), next), std::memory_order_release);
      }
      return next;
    });
    last_ = std::max(last_, moved);
    waiters_.move({TopicRef::Kind::node, zone, name}, moved);
  };
  for (const auto& [name, sum] : before) {
    const auto found = now.find(name);
    if (found == now.end() || found->second != sum) change_one(name, true, found != now.end());
  }
  for (const auto& [name, sum] : now) {
    if (!before.contains(name)) change_one(name, false, true);
  }
}

}  // namespace rollcall::registry
