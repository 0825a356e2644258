// Writes the value of an instance's key.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "cluster/roll/value_fields.h"
#include "cluster/roll/values.h"
#include "health/plan_json.h"
#include "json/body.h"
#include "json/writer.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

using registry::Door;
using registry::Registration;
using registry::WallTime;

std::string time_text(WallTime time) {
  return registry::format_wall_time(std::clamp(time, WallTime{}, WallTime(limits::k_stored_time_max)));
}

// As an object where reading gives the very same text back, as people expect it. Else as a string.
void put_attributes(json::Writer& out, const std::string& attributes) {
  out.name("attributes");
  const auto parsed = json::parse_object(fmt::format(R"({{"attributes":{}}})", attributes), "attributes");
  const boost::json::value* value = parsed ? parsed->if_contains("attributes") : nullptr;
  if (value != nullptr && value->is_object() && boost::json::serialize(*value) == attributes) {
    out.raw(attributes);
  } else {
    out.value(as_utf8(attributes));
  }
}

void put_results(json::Writer& out, const health::CheckResults& results) {
  out.name("results").open_array();
  for (const health::CheckResult& result : results) {
    out.open_object().member("id", result.id);
    if (!result.name.empty()) out.member("name", result.name);
    out.member("kind", to_text(result.kind)).member("status", to_text(result.status));
    out.member("since", time_text(result.since));
    if (result.ends_after != std::chrono::milliseconds::zero()) out.member("ends_after_ms", result.ends_after.count());
    if (!result.output.empty()) out.member("output", as_utf8(result.output));
    out.close_object();
  }
  out.close_array();
}

void put_lease(json::Writer& out, const Registration& asked) {
  if (asked.ttl == std::chrono::milliseconds::zero()) {
    out.member("ttl", "none");
  } else {
    out.member("ttl_ms", asked.ttl.count());
  }
  if (asked.lease != usual_lease(asked.ttl)) out.member("lease", to_text(asked.lease));
  if (!asked.lease_check.empty()) out.member("lease_check", asked.lease_check);
}

void put_endpoint(json::Writer& out, const Registration& asked) {
  if (asked.door != Door::native) out.member("service", asked.key.service.name);  // else the key has it
  out.member("id", asked.key.id);
  if (asked.addresses.size() == 1) out.member("address", asked.addresses.front().text());
  if (asked.addresses.size() > 1) {
    out.name("addresses").open_array();
    for (const IpAddress& address : asked.addresses) out.value(address.text());
    out.close_array();
  }
  out.member("port", asked.port);
  if (asked.protocol != registry::Protocol::tcp) out.member("protocol", to_text(asked.protocol));
  if (asked.priority != 1) out.member("priority", asked.priority);
  if (asked.weight != 1) out.member("weight", asked.weight);
}

void put_texts(json::Writer& out, const Registration& asked) {
  if (!asked.tags.empty()) {
    out.name("tags").open_array();
    for (const std::string& tag : asked.tags) out.value(tag);
    out.close_array();
  }
  if (!asked.meta.empty()) {
    out.name("meta").open_object();
    for (const auto& [key, value] : asked.meta) out.text_name(key).value(value);
    out.close_object();
  }
}

}  // namespace

std::string write_instance(const registry::InstanceRecord& record, std::string_view by, Revision unchanged_since) {
  const Registration& asked = record.registration;
  json::Writer out(384);
  out.open_object();
  put_endpoint(out, asked);
  put_texts(out, asked);
  put_lease(out, asked);
  if (asked.health) {
    for (const auto& [name, text] : health::plan_members(*asked.health)) out.name(name).raw(text);
  }
  if (asked.door != Door::native) out.member("door", to_text(asked.door));
  if (!asked.host.empty()) out.member("host", asked.host);
  if (!asked.attributes.empty()) put_attributes(out, asked.attributes);
  if (record.standing.is_draining) out.member("draining", true);
  if (!record.standing.checks.empty()) put_results(out, record.standing.checks);
  if (record.standing.since != record.registered_at) out.member("status_since", time_text(record.standing.since));
  out.member("registered_at", time_text(record.registered_at));
  if (unchanged_since != 0) out.member("unchanged_since", unchanged_since);
  if (!by.empty()) out.member("by", as_utf8(by.substr(0, k_by_bytes_max)));
  return out.close_object().take();
}

}  // namespace rollcall::cluster
