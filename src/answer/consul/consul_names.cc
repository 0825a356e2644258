#include "answer/consul/consul_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/limits.h"
#include "dns/zone_file.h"
#include "health/check_result.h"

namespace rollcall::answer {
namespace {

using Kind = ConsulQuestion::Kind;
using registry::Instance;
using registry::Status;

constexpr std::string_view k_hex_digits = "0123456789abcdef";

// The labels joined by dots, compared with the end of a text that is `skip` octets longer.
bool equals_labels(std::string_view text, std::string_view labels) {
  while (true) {
    const std::size_t size = static_cast<std::uint8_t>(labels.front());
    if (!equal_but_for_case(text.substr(0, size), labels.substr(1, size))) return false;
    text.remove_prefix(std::min(size, text.size()));
    labels.remove_prefix(1 + size);
    if (labels.empty()) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
}

// How long the labels are, joined by dots.
std::size_t joined_size(std::string_view labels) { return labels.size() - 1; }

bool has_plain_tag(const Instance& instance, std::string_view tag) {
  return std::ranges::any_of(instance.tags(), [&](std::string_view each) { return equal_but_for_case(each, tag); });
}

// The tag in the place of a protocol (RFC 2782).
bool has_protocol(const Instance& instance, std::string_view tag) {
  if (tag == "tcp") return true;
  return has_plain_tag(instance, tag) || (tag == "udp" && instance.protocol() == registry::Protocol::udp);
}

bool has_asked_tag(const ConsulQuestion& asked, const Instance& instance) {
  if (asked.is_rfc2782) return has_protocol(instance, asked.tags);
  return asked.tags.empty() || has_consul_tag(instance, asked.tags);
}

// The tag as one label; empty: it has several.
std::string_view single_tag_of(const ConsulQuestion& asked) {
  if (asked.is_rfc2782) return asked.tags;
  const std::size_t size = static_cast<std::uint8_t>(asked.tags.front());
  return asked.tags.size() == 1 + size ? asked.tags.substr(1) : std::string_view();
}

// Whether one of its tags ends in a dot and these labels: then they are a name that another is below.
bool has_longer_tag(const Instance& instance, std::string_view labels) {
  const std::size_t size = joined_size(labels);
  return std::ranges::any_of(instance.tags(), [&](std::string_view tag) {
    return tag.size() > size + 1 && tag[tag.size() - size - 1] == '.' &&
           equals_labels(tag.substr(tag.size() - size), labels);
  });
}

// The labels of a query's name, joined by dots.
std::string joined(std::string_view labels) {
  std::string text;
  while (!labels.empty()) {
    const std::size_t size = static_cast<std::uint8_t>(labels.front());
    if (!text.empty()) text += '.';
    text += labels.substr(1, size);
    labels.remove_prefix(1 + size);
  }
  return text;
}

std::string wire_below(std::string_view word, const dns::Name& datacenter, const dns::Name& domain) {
  std::string wire(1, static_cast<char>(word.size()));
  wire += word;
  wire += text_of(datacenter.wire());
  wire.pop_back();
  wire += text_of(domain.wire());
  return wire;
}

}  // namespace

bool has_consul_tag(const Instance& instance, std::string_view labels) {
  return std::ranges::any_of(instance.tags(), [&](std::string_view tag) { return equals_labels(tag, labels); });
}

ConsulNames::ConsulNames(ConsulSettings settings, const Zones& zones, const Roster& roster, const ConsulFacts& facts,
                         const consul::PreparedQueries* queries)
    : settings_(std::move(settings)),
      datacenters_(settings_.datacenters),
      own_node_(node_labels_of(settings_.node)),
      own_node_folded_(to_lower(own_node_)),
      zones_(zones),
      roster_(roster),
      facts_(facts),
      queries_(queries) {
  for (const std::optional<dns::Name>& datacenter : settings_.datacenters) {
    suffixes_.push_back(datacenter ? Suffixes{wire_below("node", *datacenter, settings_.domain),
                                              wire_below("addr", *datacenter, settings_.domain)}
                                   : Suffixes{});
  }
}

// --- What a name means ---

ConsulFound ConsulNames::find(const Zone& zone, const dns::QuestionName& name, registry::LeaseTime now) const {
  const ConsulQuestion asked = datacenters_.parse(name, name.labels - zone.apex_labels);
  ConsulFound found{.kind = asked.kind, .asked = asked, .zone = asked.zone};
  switch (asked.kind) {
    case Kind::nothing:
    case Kind::empty:
    case Kind::address: return found;
    case Kind::node: return find_node(found);
    case Kind::query: return find_query(found, now);
    case Kind::service: break;
  }
  found.answers = find_service(asked.zone, asked.name, now);
  if (found.answers != nullptr) return find_tagged(found);
  found.kind = asked.may_have_below ? Kind::empty : Kind::nothing;
  return found;
}

const ServiceAnswers* ConsulNames::find_service(registry::ZoneId zone, std::string_view label,
                                                registry::LeaseTime now) const {
  if (const ServiceAnswers* answers = roster_.find_service({zone, label}, now)) return answers;
  // A name that the zone file or DNS-SD has in the service's own zone means the service here.
  return roster_.find_renamed({zone, label}, now);
}

// A tag's name is there as long as an instance has the tag, whatever its health.
ConsulFound ConsulNames::find_tagged(ConsulFound found) const {
  const ConsulQuestion& asked = found.asked;
  if (asked.tags.empty() || (asked.is_rfc2782 && asked.tags == "tcp")) return found;
  // A service keeps a list of each tag that is a label, so a question about one of these costs what its answer has.
  const bool may_be_protocol = asked.is_rfc2782 && asked.tags == "udp";
  if (const std::string_view label = single_tag_of(asked); !label.empty() && !may_be_protocol) {
    found.tagged = found.answers->find_tag(label);
    if (found.tagged != nullptr) return found;
  }
  bool has_longer = false;
  const bool is_surely_nothing = !found.answers->has_free_tags() && !may_be_protocol;
  const std::span<const Member> sought = is_surely_nothing ? std::span<const Member>() : found.answers->members();
  for (const Member& member : sought) {
    if (has_asked_tag(asked, *member.instance)) return found;
    has_longer = has_longer || (!asked.is_rfc2782 && has_longer_tag(*member.instance, asked.tags));
  }
  found.kind = has_longer ? Kind::empty : Kind::nothing;
  found.answers = nullptr;
  return found;
}

// Our own node is in each datacenter: instances of all of them are on it.
ConsulFound ConsulNames::find_node(ConsulFound found) const {
  const std::string_view labels = found.asked.name;
  found.node = facts_.find_node(found.zone, labels);
  if (found.node == nullptr && labels != own_node_folded_) {
    const bool is_above = own_node_folded_.size() > labels.size() && own_node_folded_.ends_with(labels);
    found.kind = is_above || facts_.is_above_node(found.zone, labels) ? Kind::empty : Kind::nothing;
  }
  return found;
}

ConsulFound ConsulNames::find_query(ConsulFound found, registry::LeaseTime now) const {
  const std::string name = found.asked.is_rfc2782 ? std::string(found.asked.name) : joined(found.asked.name);
  found.query = queries_ == nullptr ? nullptr : queries_->find_query(name);
  if (found.query == nullptr) {
    found.kind = found.asked.may_have_below ? Kind::empty : Kind::nothing;
    return found;
  }
  found.asked.tags = {};
  found.asked.is_rfc2782 = false;
  if (found.query->ttl_seconds) found.ttl_seconds = *found.query->ttl_seconds;
  const std::string label = registry::service_label_of(to_lower(found.query->service));
  found.answers = find_service(found.zone, label, now);
  if (found.query->failover.empty() || has_anybody(found, now)) return found;
  for (const std::string& datacenter : found.query->failover) {
    const std::optional<dns::Name> wanted = dns::Name::parse(datacenter);
    const auto at = std::ranges::find(settings_.datacenters, wanted);
    if (!wanted || at == settings_.datacenters.end()) continue;
    ConsulFound other = found;
    other.zone = static_cast<registry::ZoneId>(at - settings_.datacenters.begin());
    other.answers = find_service(other.zone, label, now);
    if (has_anybody(other, now)) return other;
  }
  return found;
}

bool ConsulNames::has_anybody(const ConsulFound& found, registry::LeaseTime now) const {
  return found.answers != nullptr && std::ranges::any_of(found.answers->members(), [&](const Member& member) {
           return find_omission(found, *member.instance, now) == ConsulOmission::none;
         });
}

// --- Who is in ---

ConsulOmission ConsulNames::find_omission(const ConsulFound& found, const Instance& instance,
                                          registry::LeaseTime now) const {
  if (!instance.lease.is_alive(now)) return ConsulOmission::lease_ended;
  if (instance.status == Status::draining) return ConsulOmission::draining;
  const bool is_protected = found.answers->is_protected();
  if (instance.status == Status::critical && (!is_protected || instance.is_in_maintenance())) {
    return ConsulOmission::critical;
  }
  const bool only_passing = settings_.only_passing || (found.query != nullptr && found.query->only_passing);
  if (only_passing && !is_protected && health::worst_of(instance.checks()) != health::CheckStatus::passing) {
    return ConsulOmission::not_passing;
  }
  if (!has_asked_tag(found.asked, instance)) return ConsulOmission::other_tag;
  if (found.query == nullptr) return ConsulOmission::none;
  const bool has_tags = std::ranges::all_of(found.query->tags, [&](const std::string& tag) {
    return tag.starts_with('!') ? !has_plain_tag(instance, std::string_view(tag).substr(1))
                                : has_plain_tag(instance, tag);
  });
  if (!has_tags) return ConsulOmission::other_tag;
  return fits_query(found, instance) ? ConsulOmission::none : ConsulOmission::other_meta;
}

bool ConsulNames::fits_query(const ConsulFound& found, const Instance& instance) const {
  const auto has_meta = [&](const auto& pair) {
    return std::ranges::any_of(instance.meta(),
                               [&](const auto& own) { return own.first == pair.first && own.second == pair.second; });
  };
  if (!std::ranges::all_of(found.query->service_meta, has_meta)) return false;
  if (found.query->node_meta.empty()) return true;
  const ServiceFacts* service = find_facts(*found.answers);
  const InstanceFacts* facts = service == nullptr ? nullptr : service->find(instance.id());
  return facts != nullptr && std::ranges::all_of(found.query->node_meta, [&](const auto& pair) {
           return std::ranges::find(facts->node_meta, pair) != facts->node_meta.end();
         });
}

const ServiceFacts* ConsulNames::find_facts(const ServiceAnswers& answers) const {
  return answers.members().empty() ? nullptr : facts_.find(answers.members().front().instance->service());
}

// --- Where they are ---

ConsulPlace ConsulNames::place_of(const ServiceAnswers& answers, const Member& member,
                                  const InstanceFacts* facts) const {
  const bool is_at_other_node = facts != nullptr && facts->is_at_other_node;
  ConsulPlace place{.node_labels = is_at_other_node ? std::string_view(facts->node_labels) : own_node_};
  const auto addresses = member.instance->addresses();
  place.host = member.instance->host();
  place.is_at_node = (facts != nullptr && facts->has_node_address) || (addresses.empty() && place.host.empty());
  const ConsulAddress& at_node = is_at_other_node ? facts->node_address : settings_.node_address;
  if (place.is_at_node && (at_node.ip || !at_node.host.empty())) {
    if (at_node.ip) {
      place.first = at_node.ip->bytes();
      place.addresses[static_cast<std::size_t>(at_node.ip->is_v4() ? Family::v4 : Family::v6)] = place.first;
    }
    place.host = {};
    place.host_wire = at_node.host;
    return place;
  }
  for (const Family family : {Family::v4, Family::v6}) {
    place.addresses[static_cast<std::size_t>(family)] = answers.addresses(member, family);
  }
  if (!addresses.empty()) {
    const Family first = addresses.front().is_v4() ? Family::v4 : Family::v6;
    place.first = place.addresses[static_cast<std::size_t>(first)].first(octets_of(first));
    place.host = {};
  }
  return place;
}

Bytes ConsulNames::write_target(const ConsulPlace& place, registry::ZoneId zone,
                                std::array<std::uint8_t, limits::k_name_bytes_max>& room) const {
  ByteWriter out(room);
  const Suffixes& suffixes = suffixes_.at(static_cast<std::size_t>(zone));
  if (place.is_at_node && !place.node_labels.empty() &&
      place.node_labels.size() + suffixes.node.size() <= limits::k_name_bytes_max) {
    out.bytes(octets(place.node_labels));
    out.bytes(octets(suffixes.node));
  } else if (!place.first.empty()) {
    out.u8(static_cast<std::uint8_t>(place.first.size() * 2));
    for (const std::uint8_t octet : place.first) {
      out.u8(static_cast<std::uint8_t>(k_hex_digits[octet >> 4]));
      out.u8(static_cast<std::uint8_t>(k_hex_digits[octet & 0xfU]));
    }
    out.bytes(octets(suffixes.address));
  } else if (!place.host_wire.empty()) {
    out.bytes(octets(place.host_wire));
  } else if (const std::optional<dns::Name> host = dns::Name::parse(place.host); host && !host->is_root()) {
    out.bytes(host->wire());
  }
  return out.ok() ? out.written() : Bytes{};
}

// --- The zone ---

std::unique_ptr<Zone> make_consul_zone(const ConsulSettings& settings, const ConsulNames* names) {
  std::string text = "@ 1 IN SOA ns postmaster 1 3600 600 86400 1\n@ 1 IN NS ns\n";
  if (const auto& ip = settings.node_address.ip) {
    text += fmt::format("ns 1 IN {} {}\n", ip->is_v4() ? "A" : "AAAA", ip->text());
  }
  Result<dns::ZoneFile> file = dns::parse_zone(text, settings.domain, "the zone of Consul's names");
  check(file.has_value(), "the zone of Consul's names can be read");
  Result<StaticZone> records = StaticZone::build(std::move(*file));
  check(records.has_value(), "the zone of Consul's names can be made");
  auto zone = std::make_unique<Zone>(Zone{.id = {}, .records = std::move(*records), .policy = {}});
  zone->policy.ttl_seconds = k_consul_ttl_seconds;
  zone->consul = names;
  return zone;
}

}  // namespace rollcall::answer
