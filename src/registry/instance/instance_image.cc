#include "registry/instance/instance_image.h"

#include <concepts>

#include "base/check.h"
#include "base/json_text.h"
#include "base/limits.h"

namespace rollcall::registry {
namespace {

// What is one value each.
struct Plain {
  std::uint16_t port;
  std::uint16_t priority;
  std::uint16_t weight;
  Protocol protocol;
  LeaseKind lease;
  Door door;
  Status status;
  std::chrono::milliseconds ttl;
  std::string_view host;
  std::string_view attributes;
  WallTime since;
  WallTime registered_at;
};

enum class Depth : std::uint8_t { whole, without_long_texts, status_alone };

void put_name(std::string_view name, std::string& out) {
  out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
}

void put(std::string_view name, std::integral auto number, std::string& out) {
  put_name(name, out);
  out += std::to_string(number);
}

void put(std::string_view name, std::string_view text, std::string& out) {
  put_name(name, out);
  append_json_string(text, out);
}

template <class List, class Append>
void put_list(std::string_view name, char open, char close, const List& list, std::string& out, Append append) {
  put_name(name, out);
  out += open;
  for (bool is_first = true; const auto& item : list) {
    if (!is_first) out += ',';
    is_first = false;
    append(item);
  }
  out += close;
}

template <class Checks>
void put_checks(const Checks& checks, Depth depth, std::string& out) {
  put_list("checks", '[', ']', checks, out, [&](const auto& result) {
    std::string one = "{";
    put("id", std::string_view(result.id), one);
    put("status", to_text(result.status), one);
    put("since_ms", result.since.time_since_epoch().count(), one);
    if (depth == Depth::whole) put("output", std::string_view(result.output), one);
    out.append(one).append("}");
  });
}

template <class Addresses, class Tags, class Meta, class Checks>
std::string write(const Plain& plain, const Addresses& addresses, const Tags& tags, const Meta& meta,
                  const Checks& checks, Depth depth) {
  std::string out = "{";
  put("status", to_text(plain.status), out);
  put("status_since_ms", plain.since.time_since_epoch().count(), out);
  put("registered_at_ms", plain.registered_at.time_since_epoch().count(), out);
  if (depth != Depth::whole) out += ",\"cut\":true";
  if (depth == Depth::status_alone) return out + '}';
  put_list("addresses", '[', ']', addresses, out,
           [&](const IpAddress& address) { append_json_string(address.text(), out); });
  put("port", plain.port, out);
  put("protocol", to_text(plain.protocol), out);
  put("priority", plain.priority, out);
  put("weight", plain.weight, out);
  put_list("tags", '[', ']', tags, out, [&](const auto& tag) { append_json_string(tag, out); });
  put("ttl_ms", plain.ttl.count(), out);
  if (plain.lease != LeaseKind::ends_instance) put("lease", to_text(plain.lease), out);
  if (plain.door != Door::native) put("door", to_text(plain.door), out);
  if (!plain.host.empty()) put("host", plain.host, out);
  if (!std::ranges::empty(checks)) put_checks(checks, depth, out);
  if (depth != Depth::whole) return out + '}';
  put_list("meta", '{', '}', meta, out, [&](const auto& pair) {
    append_json_string(pair.first, out);
    out += ':';
    append_json_string(pair.second, out);
  });
  if (!plain.attributes.empty()) {
    put_name("attributes", out);
    out.append(plain.attributes);
  }
  return out + '}';
}

template <class... Lists>
std::string write_bounded(const Plain& plain, const Lists&... lists) {
  std::string image;
  for (const Depth depth : {Depth::whole, Depth::without_long_texts, Depth::status_alone}) {
    image = write(plain, lists..., depth);
    if (image.size() <= limits::k_event_before_bytes_max) break;
  }
  check(image.size() <= limits::k_event_before_bytes_max, "the image of an instance is bounded");
  return image;
}

}  // namespace

std::string write_image(const Instance& instance) {
  const Plain plain{.port = instance.port(),
                    .priority = instance.priority(),
                    .weight = instance.weight(),
                    .protocol = instance.protocol(),
                    .lease = instance.lease_kind(),
                    .door = instance.door(),
                    .status = instance.status,
                    .ttl = instance.ttl(),
                    .host = instance.host(),
                    .attributes = instance.attributes(),
                    .since = instance.status_since(),
                    .registered_at = instance.registered_at};
  return write_bounded(plain, instance.addresses(), instance.tags(), instance.meta(), instance.checks());
}

std::string write_image(const Registration& registration, const Standing& standing, WallTime registered_at) {
  const Plain plain{.port = registration.port,
                    .priority = registration.priority,
                    .weight = registration.weight,
                    .protocol = registration.protocol,
                    .lease = registration.lease,
                    .door = registration.door,
                    .status = standing.status(),
                    .ttl = registration.ttl,
                    .host = registration.host,
                    .attributes = registration.attributes,
                    .since = standing.since,
                    .registered_at = registered_at};
  return write_bounded(plain, registration.addresses, registration.tags, registration.meta, standing.checks);
}

}  // namespace rollcall::registry
