#include "api/consul/health.h"

#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "api/consul/responses.h"
#include "api/consul/rows.h"
#include "base/ascii_case.h"
#include "consul/catalog_face.h"

namespace rollcall::api::consul {
namespace {

using registry::Instance;
using registry::LeaseTime;
using rollcall::consul::Seen;
using rollcall::consul::SeenCheck;

void put_entries(json::Writer& out, const Scene& scene, const registry::ServiceKey& service, const Selection& asked,
                 LeaseTime now) {
  out.open_array();
  scene.for_each_row(service, asked, now, [&](const Row& row) { put_health_entry(out, row); });
  out.close_array();
}

// Checks of instances, one after the other; a check of a node once, though each instance on it has it.
class CheckList {
 public:
  CheckList(json::Writer& out, const Scene& scene, const Selection& asked, std::optional<health::CheckStatus> status)
      : out_(out), scene_(scene), asked_(asked), status_(status) {
    out_.open_array();
  }
  ~CheckList() { out_.close_array(); }
  CheckList(const CheckList&) = delete;
  CheckList& operator=(const CheckList&) = delete;

  void add(const Instance& instance, LeaseTime now) {
    const Seen seen = rollcall::consul::see(instance, now);
    const Row row{instance, seen, scene_.identity};
    const auto& node = seen.attributes.node;
    if (!asked_.takes_node(node ? &node->meta : nullptr)) return;
    for (const SeenCheck& check : seen.checks) {
      if (status_ && check.status != *status_) continue;
      if (asked_.filter && !fits(*asked_.filter, row, &check)) continue;
      if (check.is_of_node && !of_nodes_.emplace(row.node_name(), check.id).second) continue;
      put_health_check(out_, row, check);
    }
  }

 private:
  json::Writer& out_;
  const Scene& scene_;
  const Selection& asked_;
  const std::optional<health::CheckStatus> status_;
  std::set<std::pair<std::string, std::string>> of_nodes_;
};

void put_checks_of_service(json::Writer& out, const Scene& scene, const registry::ServiceKey& key,
                           const Selection& asked, LeaseTime now) {
  CheckList list(out, scene, asked, std::nullopt);
  const registry::Service* service = scene.registry.find_service(key.ref());
  if (service == nullptr) return;
  for (const Instance* instance : service->instances) {
    if (instance->is_there(now)) list.add(*instance, now);
  }
}

void put_checks_of_node(json::Writer& out, const Scene& scene, const std::string& name, const Selection& asked,
                        LeaseTime now) {
  const bool is_own = equal_but_for_case(name, scene.identity.node);
  CheckList list(out, scene, asked, std::nullopt);
  scene.for_each_instance(now, [&](const Instance& instance) {
    const std::string node = rollcall::consul::face_of(instance).node;
    if (node.empty() ? is_own : equal_but_for_case(node, name)) list.add(instance, now);
  });
}

}  // namespace

Routed read_health_of_service(const Call& call) {
  return answer_service_from(bodies_of(call), call, Listed::health, &put_entries);
}

Routed read_checks_of_service(const Call& call) { return answer_service(call, Listed::check, &put_checks_of_service); }

Routed read_checks_of_node(const Call& call) { return answer_node(call, Listed::check, &put_checks_of_node); }

Routed read_checks_in_state(const Call& call) {
  const std::string state = rest_of(call);
  if (state.empty()) return text(400, "Missing check state");
  const std::optional<health::CheckStatus> status = health::parse_check_status(state);
  if (!status && state != "any") return text(400, "Invalid check state: it is any, passing, warning or critical");
  return answer_zone(call, Listed::check, Lists::everything,
                     [status](json::Writer& out, const Scene& scene, const Selection& asked, LeaseTime now) {
                       CheckList list(out, scene, asked, status);
                       scene.for_each_instance(now, [&](const Instance& instance) { list.add(instance, now); });
                     });
}

}  // namespace rollcall::api::consul
