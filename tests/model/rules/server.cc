#include "model/rules/server.h"

#include <stdexcept>

#include "base/rcu.h"
#include "dns/zone_file.h"

namespace rollcall::testing {
namespace {

constexpr registry::WallTime k_wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
constexpr const char* k_apex = "svc.internal";
constexpr const char* k_inner_text = "@ 1 IN SOA ns.example. h.example. 1 10 5 1h 1\n@ 1 IN NS ns.example.\n";

answer::Zone load(const std::string& apex, const std::string& text) {
  auto file = dns::parse_zone(text, dns::Name::parse(apex).value(), apex);
  if (!file) throw std::runtime_error(file.error().message);
  auto records = answer::StaticZone::build(std::move(*file));
  if (!records) throw std::runtime_error(records.error().message);
  return {.id = {}, .records = std::move(*records), .policy = {}};
}

std::vector<answer::Zone> load(const ZoneFiles& files) {
  std::vector<answer::Zone> zones;
  zones.push_back(load(k_apex, files.text));
  for (const std::string& apex : files.inner) zones.push_back(load(apex, k_inner_text));
  return zones;
}

std::unique_ptr<store::InstanceStore> open(const std::filesystem::path& database, const answer::Zones& zones) {
  auto opened = store::InstanceStore::open(database, zones);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

}  // namespace

Server::Server(const std::filesystem::path& database, const ZoneFiles& files)
    : zones_(load(files)),
      store_(open(database, zones_)),
      registry_(*store_, roster_, zones_, std::chrono::hours(1)),
      watch_(*store_, writer_) {
  const Result<void> restored = store_->restore(
      [&](registry::Restored part) { return registry_.restore(std::move(part), clock_.now(), k_wall); });
  if (!restored) throw std::runtime_error(restored.error().message);
}

registry::Outcome Server::apply(const registry::Change& change) {
  return std::move(registry_.apply(std::span(&change, 1), clock_, k_wall).front());
}

void Server::reload(const ZoneFiles& files) {
  zones_.replace(load(files));
  static_cast<void>(registry_.set_aside_refused(clock_.now(), k_wall));
  store_->look_again();
}

void Server::settle() {
  if (registry_.has_unrecorded_rows() && !registry_.record_pending()) throw std::runtime_error("nothing was settled");
  constexpr int k_looks_max = 100;
  int looks = 0;
  while (watch_.look()) {
    if (++looks > k_looks_max) throw std::runtime_error("the edits' watch never ends");
  }
}

void Server::pass(std::chrono::milliseconds time) {
  clock_.advance(time);
  registry_.sweep(clock_.now(), k_wall);
}

std::vector<registry::Registration> Server::roll() const {
  std::vector<registry::Registration> all;
  const rcu::ReadLock lock;
  registry_.for_each_service([&](const registry::Service& service) {
    for (const registry::Instance* instance : service.instances) all.push_back(instance->registration());
  });
  std::ranges::sort(all, {}, [](const registry::Registration& each) { return each.key; });
  return all;
}

answer::testing::Answered Server::ask(const std::string& name, dns::Type type) {
  const answer::testing::Ask ask{.name = name, .type = type, .transport = answer::Transport::tcp};
  const std::vector<std::uint8_t> query = answer::testing::query_of(ask);
  const std::size_t size = responder_.respond(query, ask.transport, clock_.now(), WritableBytes(room_), *worker_).bytes;
  return answer::testing::read_answer(ask, Bytes(room_).first(size));
}

}  // namespace rollcall::testing
