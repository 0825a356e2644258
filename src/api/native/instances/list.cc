// All instances, in pages.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/instances/selection.h"
#include "api/problem.h"
#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::api::native {
namespace {

using registry::Instance;
using registry::LeaseTime;
using registry::Service;

constexpr std::uint32_t k_page_default = 100;

struct Found {
  Place place;
  const Instance* instance;
};

// The first of what was offered, up to one more than a page has: whether there is a next page.
class Page {
 public:
  Page(Order order, std::size_t limit) : order_(std::move(order)), limit_(limit) {}

  // Whether nothing of this service can be on the page any more.
  [[nodiscard]] bool is_beyond(const Service& service) const {
    const bool is_by_name = order_.field == "service" && !order_.is_descending;
    return is_by_name && found_.size() > limit_ && service.service.name > found_.front().place.service;
  }
  void offer(Found found) {
    const auto is_less = [this](const Found& a, const Found& b) { return is_before(a.place, b.place, order_); };
    if (found_.size() > limit_ && !is_less(found, found_.front())) return;
    found_.push_back(std::move(found));
    std::ranges::push_heap(found_, is_less);
    if (found_.size() <= limit_ + 1) return;
    std::ranges::pop_heap(found_, is_less);
    found_.pop_back();
  }
  [[nodiscard]] std::vector<Found> take() {
    std::ranges::sort_heap(found_,
                           [this](const Found& a, const Found& b) { return is_before(a.place, b.place, order_); });
    return std::move(found_);
  }

 private:
  Order order_;
  std::size_t limit_;
  std::vector<Found> found_;  // a heap: the last in front
};

struct Asked {
  Parameters parameters;
  Grant grant;
  Order order;
  std::optional<Place> after;
};

bool is_asked_for(const Service& service, const Asked& asked) {
  if (asked.parameters.zone && service.service.zone != *asked.parameters.zone) return false;
  if (asked.parameters.service && service.service.name != *asked.parameters.service) return false;
  const bool is_by_name = asked.order.field == "service" && !asked.order.is_descending;
  if (is_by_name && asked.after && service.service.name < asked.after->service) return false;
  return asked.grant.covers(service.key());
}

// Under a ReadLock.
Response show_page(const registry::Registry& registry, const registry::ZoneDirectory& zones, const Asked& asked,
                   LeaseTime now) {
  const registry::ChangeIndex index = registry.counts().index;  // before the instances: what comes meanwhile is newer
  const std::size_t limit = asked.parameters.limit.value_or(k_page_default);
  Page page(asked.order, limit);
  registry.for_each_service([&](const Service& service) {
    if (!is_asked_for(service, asked) || page.is_beyond(service)) return;
    const std::string zone = zones.name_of(service.service.zone);
    for (const Instance* instance : service.instances) {
      if (!matches(*instance, asked.parameters, now)) continue;
      Place place = place_of(*instance, zone, asked.order);
      if (asked.after && !is_before(*asked.after, place, asked.order)) continue;
      page.offer({std::move(place), instance});
    }
  });
  const std::vector<Found> found = page.take();
  json::Writer json(512 * (1 + std::min(found.size(), limit)));
  json.open_object().member("index", index).name("instances").open_array();
  for (std::size_t i = 0; i < std::min(found.size(), limit); ++i) {
    describe_instance(json, *found[i].instance, found[i].place.zone, now);
  }
  json.close_array().name("next_cursor");
  if (found.size() > limit) {
    json.value(write_place(found[limit - 1].place, asked.order));
  } else {
    json.raw("null");
  }
  Response response;
  response.body = json.close_object().take();
  response.headers.emplace_back("X-Rollcall-Index", std::to_string(index));
  return response;
}

}  // namespace

// Of all zones, unless one is named; of what the caller may read.
Routed list_instances(const Call& call) {
  if (call.parameters.service) {
    const auto permitted = permit(call, registry::ServiceRef{call.zone(), *call.parameters.service});
    if (!permitted) return problem(permitted.error());
  }
  Asked asked{call.parameters, *call.standing.grant, order_of(call.parameters), std::nullopt};
  if (call.parameters.cursor) {
    Result<Place> after = parse_place(*call.parameters.cursor, asked.order);
    if (!after) return problem(after.error());
    asked.after = std::move(*after);
  }
  const bool is_long = call.registry.counts().instances > limits::k_http_list_at_once_max;
  if (!is_long) return show_page(call.registry, call.zones, asked, call.now);
  return LongAnswer{[&registry = call.registry, &zones = call.zones, asked = std::move(asked)](LeaseTime now) {
    const rcu::ReadLock lock;
    return show_page(registry, zones, asked, now);
  }};
}

}  // namespace rollcall::api::native
