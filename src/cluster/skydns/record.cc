#include "cluster/skydns/record.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "json/body.h"
#include "json/values.h"
#include "json/writer.h"
#include "registry/rules.h"

namespace rollcall::cluster {
namespace {

using registry::Registration;
using Value = boost::json::value;

constexpr std::string_view k_mark = "rollcall";
constexpr std::string_view k_origin = R"({"etcd":)";
constexpr std::size_t k_labels_max = 128;  // a name has 127
constexpr std::size_t k_tree_bytes = std::size_t{4} << 10;
constexpr std::string_view k_expected = R"(a record, a JSON object like {"host":"192.0.2.1","port":8080})";

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < k_labels_max) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  return parts;
}

// A field as SkyDNS has it: absent, null and 0 say nothing.
struct Fields {
  const boost::json::object& object;

  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const auto& [key, value] : object) {
      if (equal_but_for_case({key.data(), key.size()}, name)) return value.is_null() ? nullptr : &value;
    }
    return nullptr;
  }
  [[nodiscard]] Result<std::string> text(std::string_view name) const {
    const Value* value = find(name);
    if (value == nullptr) return std::string();
    const auto read = json::parse_text(*value, name);
    if (!read) return std::unexpected(read.error());
    return std::string(*read);
  }
  [[nodiscard]] Result<bool> truth(std::string_view name) const {
    const Value* value = find(name);
    if (value == nullptr) return false;
    if (const bool* read = value->if_bool()) return *read;
    return json::invalid(fmt::format("{} must be true or false", name), name);
  }
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name, std::uint64_t max) const {
    const Value* value = find(name);
    if (value == nullptr) return 0;
    std::uint64_t read = max + 1;
    if (const auto* natural = value->if_uint64()) read = *natural;
    if (const auto* integer = value->if_int64(); integer != nullptr && *integer >= 0) {
      read = static_cast<std::uint64_t>(*integer);
    }
    if (read <= max) return read;
    return json::invalid(fmt::format("{} must be an integer from 0 to {}", name, max), name);
  }
};

// "version=4" is a pair of meta, as a TXT record of the DNS has it; any other text is that of the key "text".
void put_text(const std::string& text, Registration& asked) {
  if (text.empty()) return;
  const std::size_t equals = text.find('=');
  const bool is_pair = equals != std::string::npos && equals > 0 && equals <= limits::k_meta_key_max &&
                       std::ranges::all_of(text.substr(0, equals), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (is_pair) {
    asked.meta.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  } else {
    asked.meta.emplace_back("text", text);
  }
}

Result<void> read_names(const RecordPlace& place, Registration& asked) {
  auto service = registry::parse_label(place.service, "service");
  if (!service) return std::unexpected(std::move(service.error()));
  asked.key.service = {place.zone, std::move(*service)};
  if (place.below.empty()) {
    asked.key.id = registry::default_instance_id(asked.addresses.front(), asked.port, asked.protocol);
    return {};
  }
  std::string id = place.below.back();
  for (std::size_t i = place.below.size() - 1; i-- > 0;) {
    id += '.';
    id += place.below[i];
    if (auto tag = registry::parse_label(place.below[i], "tags")) asked.tags.push_back(std::move(*tag));
  }
  return json::keep(registry::parse_instance_id(id), asked.key.id);
}

Result<void> read_lease(const Fields& fields, bool has_lease, Registration& asked) {
  const auto seconds = fields.number("ttl", limits::k_lease_max / std::chrono::seconds(1));
  if (!seconds) return std::unexpected(seconds.error());
  asked.ttl = has_lease ? std::chrono::seconds(0) : std::chrono::seconds(*seconds);
  asked.lease = asked.ttl.count() == 0 ? registry::LeaseKind::none : registry::LeaseKind::ends_instance;
  return {};
}

Result<void> read_host(const Fields& fields, Registration& asked) {
  const auto host = fields.text("host");
  if (!host) return std::unexpected(host.error());
  if (host->empty()) return json::invalid("it has no host: records with an address are instances", "host");
  if (!IpAddress::parse(*host)) {
    return json::invalid(
        fmt::format("host must be an IPv4 or IPv6 address; for the name \"{}\" write a CNAME or SRV record into the "
                    "zone file",
                    std::string_view(*host).substr(0, 64)),
        "host");
  }
  auto address = registry::parse_instance_address(*host, "host");
  if (!address) return std::unexpected(std::move(address.error()));
  asked.addresses.push_back(*address);
  return {};
}

Result<void> read_numbers(const Fields& fields, Registration& asked) {
  constexpr std::uint64_t k_max = UINT16_MAX;
  const auto port = fields.number("port", k_max);
  if (!port) return std::unexpected(port.error());
  const auto priority = fields.number("priority", k_max);
  if (!priority) return std::unexpected(priority.error());
  const auto weight = fields.number("weight", k_max);
  if (!weight) return std::unexpected(weight.error());
  asked.port = static_cast<std::uint16_t>(*port);
  if (*priority != 0) asked.priority = static_cast<std::uint16_t>(*priority);
  if (*weight != 0) asked.weight = static_cast<std::uint16_t>(*weight);
  return {};
}

Result<void> read_texts(const Fields& fields, Registration& asked) {
  const auto text = fields.text("text");
  if (!text) return std::unexpected(text.error());
  const auto group = fields.text("group");
  if (!group) return std::unexpected(group.error());
  const auto mail = fields.truth("mail");
  if (!mail) return std::unexpected(mail.error());
  if (const auto strip = fields.number("targetstrip", k_labels_max); !strip) return std::unexpected(strip.error());
  put_text(*text, asked);
  if (!group->empty()) asked.meta.emplace_back("group", *group);
  if (*mail) asked.meta.emplace_back("mail", "true");
  return {};
}

}  // namespace

Result<std::optional<RecordPlace>> place_of_record(std::string_view prefix, std::string_view key,
                                                   const registry::ZoneDirectory& zones) {
  if (!key.starts_with(prefix) || key.size() > k_record_key_bytes_max) return std::nullopt;
  key.remove_prefix(prefix.size());
  if (!key.starts_with('/')) return std::nullopt;
  const std::vector<std::string_view> parts = split(key.substr(1));
  std::string name;
  std::optional<RecordPlace> place;
  std::size_t labels = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i].find('.') != std::string_view::npos) break;
    name = name.empty() ? std::string(parts[i]) : fmt::format("{}.{}", parts[i], name);
    if (name.size() > limits::k_name_bytes_max) break;
    const std::optional<registry::ZoneId> zone = zones.find(name);
    if (!zone) continue;
    place = RecordPlace{*zone, zones.name_of(*zone), {}, {}};
    labels = i + 1;
  }
  if (!place) return std::nullopt;
  if (labels == parts.size()) {
    return json::invalid("it is the zone's own name: its records are in the zone file", "service");
  }
  if (parts[labels] == "dns" && labels + 1 < parts.size() &&
      (parts[labels + 1] == "ns" || parts[labels + 1] == "apex")) {
    return json::invalid(
        "it is CoreDNS's way to write NS records and addresses of the zone: write them into the zone file", "service");
  }
  place->service = parts[labels];
  for (std::size_t i = labels + 1; i < parts.size(); ++i) {
    if (parts[i].empty()) return json::invalid("its key has an empty label", "id");
    place->below.emplace_back(parts[i]);
  }
  return place;
}

Result<ReadRecord> read_record(const KeyValue& record, const RecordPlace& place, std::size_t zone_apex_bytes) {
  if (record.value.size() > k_record_bytes_max) {
    return failure(Errc::invalid, fmt::format("the value must be at most {} octets", k_record_bytes_max));
  }
  std::array<unsigned char, k_tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const auto object = json::parse_object(record.value, k_expected, &memory);
  if (!object) return std::unexpected(object.error());
  const Fields fields{*object};
  ReadRecord read;
  if (const Value* mark = object->if_contains({k_mark.data(), k_mark.size()}); mark != nullptr && mark->is_string()) {
    read.mirrored_by = std::string_view(mark->get_string());
    if (!read.mirrored_by.empty()) return read;
  }
  Registration asked;
  for (const auto read_part : {&read_host, &read_numbers, &read_texts}) {
    if (const Result<void> done = read_part(fields, asked); !done) return std::unexpected(done.error());
  }
  if (const Result<void> lease = read_lease(fields, record.lease != 0, asked); !lease) {
    return std::unexpected(lease.error());
  }
  if (const Result<void> names = read_names(place, asked); !names) return std::unexpected(names.error());
  asked.attributes = origin_of(record.key);
  auto normal = registry::normalise(std::move(asked), {}, zone_apex_bytes, registry::rules_of_row(asked.door));
  if (!normal) return std::unexpected(std::move(normal.error()));
  read.registration = std::move(*normal);
  return read;
}

std::string mirror_of(std::string_view value) {
  if (value.find(R"("rollcall")") == std::string_view::npos) return {};
  const auto read = read_record({.key = {}, .value = std::string(value)}, {}, 0);
  return read ? read->mirrored_by : std::string();
}

std::string origin_of(std::string_view key) {
  json::Writer out;
  return out.open_object().member("etcd", key).close_object().take();
}

bool has_origin(std::string_view attributes) { return attributes.starts_with(k_origin); }

std::string mirror_label(const registry::ServiceRef& service, const registry::ZoneDirectory& zones) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string label = registry::service_label_of(service.name);
  if (registry::is_dns_sd_label(service.name) || label == "_tcp" || label == "_udp" || zones.find_taken(service)) {
    label = registry::derived_label_of(service.name);
  }
  if (label.find_first_not_of(k_plain) != std::string::npos) label.clear();
  return label;
}

std::string service_path(std::string_view prefix, std::string_view zone_name, std::string_view label) {
  std::string path(prefix);
  for (std::string_view rest = zone_name; !rest.empty();) {
    const std::size_t dot = rest.rfind('.');
    path.append("/").append(dot == std::string_view::npos ? rest : rest.substr(dot + 1));
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(0, dot);
  }
  return path.append("/").append(label).append("/");
}

std::vector<MirrorRecord> mirror(std::string_view path, std::string_view cluster, const registry::Instance& instance) {
  std::vector<MirrorRecord> records;
  if (instance.is_draining() || instance.is_critical() || has_origin(instance.attributes())) return records;
  const registry::Registration asked = instance.registration();
  const std::string label = to_lower(registry::label_of(asked.key.id));
  if (path.ends_with("/dns/") && (label == "ns" || label == "apex")) return records;
  const std::string key = std::string(path) + label;
  for (const IpAddress& address : asked.addresses) {
    json::Writer out;
    out.open_object().member("host", address.text());
    if (asked.port != 0) out.member("port", asked.port);
    out.member("priority", asked.priority).member("weight", asked.weight).member("ttl", 1);
    const std::string number = std::to_string(records.size() + 1);
    records.push_back(
        {asked.addresses.size() == 1 ? key : key + "/" + number, out.member(k_mark, cluster).close_object().take()});
  }
  return records;
}

}  // namespace rollcall::cluster
