// What nodes write for each other; instances: instance_reader.cc, instance_writer.cc.
#include "cluster/roll/values.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "base/limits.h"
#include "cluster/roll/value_fields.h"
#include "json/body.h"
#include "json/values.h"
#include "json/writer.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

using registry::WallTime;

constexpr std::size_t k_mark_key_bytes_max = 2'048;  // zone, escaped service and label, with their slashes, are fewer

Result<boost::json::object> parse_value(std::string_view text, std::string_view expected) {
  if (text.size() <= k_value_bytes_max) return json::parse_object(text, expected);
  return failure(Errc::invalid, fmt::format("the value must be at most {} octets", k_value_bytes_max));
}

std::string time_text(std::chrono::seconds time) { return registry::format_wall_time(WallTime(time)); }

void put_texts(json::Writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.name(name).open_array();
  for (const std::string& text : texts) out.value(text);
  out.close_array();
}

Result<std::vector<std::chrono::seconds>> parse_ends(const boost::json::value& value) {
  std::vector<std::chrono::seconds> ends;
  const auto parse = [](const boost::json::value& element, const std::string& field) -> Result<std::chrono::seconds> {
    const Result<WallTime> time = parse_time(element, field);
    if (!time) return std::unexpected(time.error());
    return std::chrono::floor<std::chrono::seconds>(time->time_since_epoch());
  };
  const Result<void> read = json::read_list(value, "unclean_ends", "times", k_unclean_ends_max, ends, parse);
  if (!read) return std::unexpected(read.error());
  std::ranges::sort(ends);
  return ends;
}

Result<registry::ProtocolSet> parse_protocols(const boost::json::value& value) {
  registry::ProtocolSet protocols = 0;
  std::vector<registry::Protocol> named;
  const auto parse = [](const boost::json::value& element, const std::string& field) -> Result<registry::Protocol> {
    for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
      const boost::json::string* text = element.if_string();
      if (text != nullptr && std::string_view(text->data(), text->size()) == to_text(protocol)) return protocol;
    }
    return json::invalid(fmt::format("{} must be \"tcp\" or \"udp\"", field), field);
  };
  const Result<void> read = json::read_list(value, "protocols", "\"tcp\" and \"udp\"", 2, named, parse);
  if (!read) return std::unexpected(read.error());
  for (const registry::Protocol protocol : named) protocols |= registry::to_set(protocol);
  return protocols;
}

template <class T>
Result<T> parse_named(const boost::json::value& value, std::string_view field,
                      std::optional<T> (*find)(std::string_view)) {
  const Result<std::string_view> text = json::parse_text(value, field);
  if (!text) return std::unexpected(text.error());
  if (const std::optional<T> found = find(*text)) return *found;
  return json::invalid(fmt::format("{} is none that this version knows", field), field);
}

Result<LaneRecord::Mark> parse_mark(const boost::json::value& value, const std::string& field) {
  const boost::json::object* object = value.if_object();
  if (object == nullptr) return json::invalid(fmt::format("{} must be an object", field), field);
  LaneRecord::Mark mark;
  ValueFields fields(*object);
  fields.require("key").require("event").require("cause");
  fields.read_with("key", mark.key, [](const auto& text) { return parse_bounded(text, "key", k_mark_key_bytes_max); });
  fields.read_with("event", mark.kind,
                   [](const auto& text) { return parse_named(text, "event", &registry::parse_event_kind); });
  fields.read_with("cause", mark.cause,
                   [](const auto& text) { return parse_named(text, "cause", &registry::parse_cause); });
  fields.read("renewal", mark.is_renewal);
  fields.read_with("by", mark.by, [](const auto& text) { return parse_bounded(text, "by", k_by_bytes_max); });
  fields.read_with("detail", mark.detail,
                   [](const auto& text) { return parse_bounded(text, "detail", limits::k_result_output_bytes_max); });
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  return mark;
}

}  // namespace

std::string write_node(const StoredNode& node) {
  json::Writer out(384);
  out.open_object()
      .member("incarnation", std::to_string(node.incarnation))
      .member("member", node.is_member)
      .member("peers", node.peers)
      .member("http", node.http)
      .member("version", node.version)
      .member("zones_hash", node.zones_hash)
      .member("settings_hash", node.settings_hash);
  put_texts(out, "hears", node.hears);
  return out.close_object().take();
}

Result<StoredNode> read_node(std::string_view text) {
  const auto object = parse_value(text, "a node");
  if (!object) return std::unexpected(object.error());
  StoredNode node;
  ValueFields fields(*object);
  fields.require("incarnation").read("incarnation", node.incarnation).read("member", node.is_member);
  fields.read("peers", node.peers).read("http", node.http).read("version", node.version);
  fields.read("zones_hash", node.zones_hash).read("settings_hash", node.settings_hash);
  fields.read("hears", node.hears, k_nodes_max);
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  std::ranges::sort(node.hears);
  return node;
}

std::string write_registration(const StoredRegistration& registration) {
  json::Writer out;
  out.open_object().member("peers", registration.peers).member("dns", registration.dns);
  out.member("in", registration.unclean.is_in).name("unclean_ends").open_array();
  for (const std::chrono::seconds end : registration.unclean.ends) out.value(time_text(end));
  return out.close_array().close_object().take();
}

Result<StoredRegistration> read_registration(std::string_view text) {
  const auto object = parse_value(text, "a registered node");
  if (!object) return std::unexpected(object.error());
  StoredRegistration registration;
  ValueFields fields(*object);
  fields.read("peers", registration.peers).read("dns", registration.dns).read("in", registration.unclean.is_in);
  fields.read_with("unclean_ends", registration.unclean.ends, &parse_ends);
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  return registration;
}

std::string write_format(const StoredFormat& format) {
  json::Writer out;
  out.open_object().member("version", format.version).member("base", format.base);
  return out.member("incarnation", format.incarnation).close_object().take();
}

Result<StoredFormat> read_format(std::string_view text) {
  constexpr std::uint64_t k_version_max = 1'000'000;
  const auto object = parse_value(text, "the format of a cluster");
  if (!object) return std::unexpected(object.error());
  StoredFormat format;
  std::uint64_t version = 0;
  ValueFields fields(*object);
  fields.require("version").require("base").require("incarnation");
  fields.read("version", version, k_version_max).read("base", format.base, limits::k_stored_number_max);
  fields.read("incarnation", format.incarnation);
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  format.version = static_cast<int>(version);
  return format;
}

std::string write_service(const StoredService& service) {
  json::Writer out;
  out.open_object().name("protocols").open_array();
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    if ((service.protocols & registry::to_set(protocol)) != 0) out.value(to_text(protocol));
  }
  out.close_array();
  if (service.emptied_at) out.member("emptied_at", registry::format_wall_time(*service.emptied_at));
  return out.close_object().take();
}

Result<StoredService> read_service(std::string_view text) {
  const auto object = parse_value(text, "a service");
  if (!object) return std::unexpected(object.error());
  StoredService service;
  ValueFields fields(*object);
  fields.read_with("protocols", service.protocols, &parse_protocols);
  fields.read_with("emptied_at", service.emptied_at, [](const auto& value) -> Result<std::optional<WallTime>> {
    return parse_time(value, "emptied_at");
  });
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  return service;
}

std::string write_import(const StoredImport& import) {
  json::Writer out;
  out.open_object().member("revision", import.revision);
  if (!import.roll.empty()) out.member("roll", as_utf8(import.roll));
  if (!import.why_not.empty()) out.member("why_not", as_utf8(import.why_not));
  if (import.registered_at != WallTime{}) {
    out.member("registered_at", registry::format_wall_time(import.registered_at));
  }
  return out.close_object().take();
}

Result<StoredImport> read_import(std::string_view text) {
  const auto object = parse_value(text, "what has become of a record");
  if (!object) return std::unexpected(object.error());
  StoredImport import;
  std::uint64_t revision = 0;
  ValueFields fields(*object);
  fields.require("revision").read("revision", revision, INT64_MAX).read("roll", import.roll);
  fields.read("why_not", import.why_not).read("registered_at", import.registered_at);
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  import.revision = static_cast<Revision>(revision);
  return import;
}

std::string write_lane(const LaneRecord& record) {
  json::Writer out(128 + record.marks.size() * 128);
  out.open_object().member("id", record.id).member("node", record.node);
  out.member("at", registry::format_wall_time(record.at)).name("changes").open_array();
  for (const LaneRecord::Mark& mark : record.marks) {
    out.open_object().member("key", mark.key).member("event", to_text(mark.kind)).member("cause", to_text(mark.cause));
    if (mark.is_renewal) out.member("renewal", true);
    if (!mark.by.empty()) out.member("by", as_utf8(mark.by.substr(0, k_by_bytes_max)));
    if (!mark.detail.empty()) {
      out.member("detail", as_utf8(std::string_view(mark.detail).substr(0, limits::k_result_output_bytes_max)));
    }
    out.close_object();
  }
  return out.close_array().close_object().take();
}

Result<LaneRecord> read_lane(std::string_view text) {
  const auto object = parse_value(text, "the last transaction of a lane");
  if (!object) return std::unexpected(object.error());
  LaneRecord record;
  ValueFields fields(*object);
  fields.require("id").read("id", record.id).read("node", record.node).read("at", record.at);
  fields.read_with("changes", record.marks, [](const auto& value) -> Result<std::vector<LaneRecord::Mark>> {
    std::vector<LaneRecord::Mark> marks;
    const Result<void> read = json::read_list(value, "changes", "objects", k_operations_max, marks, &parse_mark);
    if (!read) return std::unexpected(read.error());
    return marks;
  });
  if (const Result<void> read = fields.end(); !read) return std::unexpected(read.error());
  return record;
}

}  // namespace rollcall::cluster
