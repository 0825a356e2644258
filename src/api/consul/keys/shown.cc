#include "api/consul/keys/shown.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "base/base64.h"
#include "base/printable.h"
#include "consul/go_duration.h"
#include "kv/limits.h"

namespace rollcall::api::consul {
namespace {

bool has_controls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// A TTL as most clients write it.
std::string ttl_text(std::chrono::milliseconds ttl) {
  if (ttl.count() == 0) return "";
  return ttl.count() % 1000 == 0 ? fmt::format("{}s", ttl.count() / 1000) : rollcall::consul::format_go_duration(ttl);
}

}  // namespace

void put_entry(json::Writer& out, const kv::Entry& entry, bool has_value) {
  out.open_object().member("LockIndex", entry.lock_index).member("Key", entry.key).member("Flags", entry.flags);
  if (has_value && !entry.value.empty()) {
    out.name("Value").raw('"' + encode_base64(entry.value) + '"');
  } else {
    out.name("Value").raw("null");
  }
  if (!entry.session.empty()) out.member("Session", entry.session);
  out.member("CreateIndex", entry.create_index).member("ModifyIndex", entry.modify_index).close_object();
}

void put_session(json::Writer& out, const kv::Session& session) {
  out.open_object().member("ID", session.id).member("Name", session.name).member("Node", session.node);
  out.member("LockDelay", std::chrono::nanoseconds(session.lock_delay).count());
  out.member("Behavior", session.at_end == kv::AtEnd::remove ? "delete" : "release");
  out.member("TTL", ttl_text(session.ttl));
  out.name("NodeChecks").open_array();
  for (const std::string& check : session.node_checks) out.value(check);
  out.close_array().name("ServiceChecks").open_array();
  for (const std::string& check : session.service_checks) {
    out.open_object().member("ID", check).member("Namespace", "").close_object();
  }
  out.close_array();
  out.member("CreateIndex", session.create_index).member("ModifyIndex", session.modify_index).close_object();
}

std::string why_no_key(std::string_view key) {
  if (key.size() > kv::k_key_bytes_max) return fmt::format("a key must be at most {} bytes", kv::k_key_bytes_max);
  if (has_controls(key) || !is_utf8(key)) return "a key must be UTF-8 text without control characters";
  return {};
}

bool is_name(std::string_view name) {
  return name.size() <= kv::k_name_bytes_max && !has_controls(name) && is_utf8(name);
}

}  // namespace rollcall::api::consul
