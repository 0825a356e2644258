#include "api/native/describe.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/duration.h"
#include "base/limits.h"
#include "health/plan_json.h"
#include "registry/instance/patched.h"
#include "registry/instance/wall_time.h"

namespace rollcall::api::native {
namespace {

using registry::Instance;
using registry::LeaseTime;

std::int64_t ms_left(LeaseTime expires_at, LeaseTime now) {
  return std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(expires_at - now).count());
}

void put_lease(json::Writer& json, const RegistrationView& view, LeaseTime now) {
  const bool has_lease = view.ttl > std::chrono::milliseconds::zero();
  json.member("service", view.service)
      .member("zone", view.zone)
      .member("id", view.id)
      .member("label", view.label)
      .member("status", registry::to_text(view.status))
      .name("ttl_ms");
  if (has_lease) {
    json.value(view.ttl.count()).member("expires_in_ms", ms_left(view.expires_at, now));
  } else {
    json.raw("null").name("expires_in_ms").raw("null");
  }
  json.member("index", view.index);
}

// `_service._proto.zone` (RFC 2782); the plain name where the underscore would make the label too long.
void put_srv_name(json::Writer& json, const RegistrationView& view) {
  if (view.service.size() + 1 > limits::k_label_bytes_max) {
    json.joined({view.service, ".", view.zone});
  } else {
    json.joined({"_", view.service, "._", registry::to_text(view.protocol), ".", view.zone});
  }
}

template <class List>
void put_texts(json::Writer& json, std::string_view name, const List& texts) {
  json.name(name).open_array();
  for (const auto& text : texts) json.value(text);
  json.close_array();
}

}  // namespace

RegistrationView view_of(const Instance& instance, std::string_view zone, LeaseTime expires_at) {
  return {instance.service().name, zone,       instance.id(), instance.protocol(), instance.ttl(), instance.label(),
          instance.status,         expires_at, instance.index};
}

std::string describe_registration(const RegistrationView& view, LeaseTime now) {
  json::Writer json(512);
  json.open_object();
  put_lease(json, view, now);
  json.name("dns").open_object().name("address").joined({view.service, ".", view.zone}).name("srv");
  put_srv_name(json, view);
  json.name("instance").joined({view.label, ".", view.service, ".", view.zone}).close_object();
  return json.close_object().take();
}

std::string describe_lease(const RegistrationView& view, LeaseTime now) {
  json::Writer json;
  json.open_object();
  put_lease(json, view, now);
  return json.close_object().take();
}

void describe_instance(json::Writer& json, const Instance& instance, std::string_view zone, LeaseTime now) {
  json.open_object();
  put_lease(json, view_of(instance, zone, instance.lease.expires_at()), now);
  const auto addresses = instance.addresses();
  json.name("address");
  if (addresses.empty()) {
    json.raw("null");
  } else {
    json.value(addresses.front().text());
  }
  json.name("addresses").open_array();
  for (const IpAddress& address : addresses) json.value(address.text());
  json.close_array().name("port");
  if (instance.port() == 0) {
    json.raw("null");
  } else {
    json.value(instance.port());
  }
  json.member("protocol", registry::to_text(instance.protocol()))
      .member("priority", instance.priority())
      .member("weight", instance.weight());
  put_texts(json, "tags", instance.tags());
  json.name("meta").open_object();
  for (const auto& [key, value] : instance.meta()) json.text_name(key).value(value);
  json.close_object();
  if (instance.health()) {
    for (const auto& [name, text] : health::plan_members(*instance.health())) json.name(name).raw(text);
  }
  json.member("ttl", instance.lease_kind() == registry::LeaseKind::none ? "none" : format_duration(instance.ttl()))
      .member("registered_at", registry::format_wall_time(instance.registered_at))
      .member("status_since", registry::format_wall_time(instance.status_since()));
  if (instance.door() == registry::Door::native && registry::has_patch(instance.attributes())) {
    json.name("registered").raw(registry::registered_part(instance.attributes()));
  }
  if (!instance.check_output().empty()) json.member("output", instance.check_output());
  json.close_object();
}

void describe_service(json::Writer& json, const registry::Service& service, std::string_view zone, LeaseTime now) {
  std::uint64_t total = 0;
  std::uint64_t ready = 0;
  std::set<std::string_view> tags;
  for (const Instance* instance : service.instances) {
    if (!instance->is_there(now)) continue;
    ++total;
    if (instance->status == registry::Status::ready) ++ready;
    for (const std::string_view tag : instance->tags()) tags.insert(tag);
  }
  check(ready <= total, "whoever is ready is counted");
  json.open_object().member("service", service.service.name).member("zone", zone);
  json.member("ready", ready).member("total", total);
  put_texts(json, "tags", tags);
  json.close_object();
}

}  // namespace rollcall::api::native
