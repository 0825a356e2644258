#include "registry/rules.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/limits.h"

namespace rollcall::registry {
namespace {

// RFC 6763 §7.1, §9: a service of this name would have names that mean something else, `_dns-sd._udp.Z`.
constexpr std::array<std::string_view, 5> k_dns_sd_labels{"dns-sd", "services", "sub", "tcp", "udp"};

Error conflict(std::string_view field, std::string sentence) {
  return Error{Errc::conflict, std::move(sentence), std::string(field)};
}

// What is in the way, and what to change: "another id".
Error taken(const TakenName& name, std::string_view field, std::string_view other) {
  switch (name.by) {
    case TakenName::By::whole_zone:
      return conflict(
          "zone", fmt::format("no service can be in the zone {}: its names are those of addresses (a reverse zone), "
                              "or lead elsewhere (DNAME at its top): choose another zone",
                              name.name));
    case TakenName::By::other_zone:
      return conflict(field,
                      fmt::format("the name {} is in the zone {}, which is served here too: choose {}, or that zone",
                                  name.name, name.zone, other));
    case TakenName::By::zone_file: break;
  }
  return conflict(field, fmt::format("the zone file has the name {}: choose {} or remove it there", name.name, other));
}

std::optional<Error> refuse_length(const ServiceRef& service, const ZoneDirectory& zones) {
  const std::size_t bytes = 1 + service_label_of(service.name).size() + zones.apex_bytes_of(service.zone);
  if (bytes <= limits::k_name_bytes_max) return std::nullopt;
  return Error{
      Errc::invalid,
      fmt::format("the service's DNS name would have {} octets, {} more than a name may have: shorten the service",
                  bytes, bytes - limits::k_name_bytes_max),
      "service"};
}

}  // namespace

bool is_dns_sd_label(std::string_view name) noexcept {
  return std::ranges::find(k_dns_sd_labels, name) != k_dns_sd_labels.end();
}

std::optional<Error> refuse_service(const ServiceRef& service, const ZoneDirectory& zones, Door door) {
  if (std::optional<Error> refusal = refuse_length(service, zones)) return refusal;
  if (door != Door::native) {
    const std::optional<TakenName> name = zones.find_taken(service);
    if (!name || name->by != TakenName::By::whole_zone) return std::nullopt;
    return taken(*name, "service", "another service name");
  }
  if (is_dns_sd_label(service.name)) {
    return conflict(
        "service", fmt::format("_{} is a label of DNS-SD's own (RFC 6763): choose another service name", service.name));
  }
  if (const std::optional<TakenName> name = zones.find_taken(service)) {
    return taken(*name, "service", "another service name");
  }
  return std::nullopt;
}

std::optional<Error> refuse_names(const InstanceRef& key, const std::vector<std::string>& tags,
                                  const ZoneDirectory& zones) {
  if (!zones.may_have_names_below(key.service)) return std::nullopt;
  if (const auto name = zones.find_taken_below(key.service, label_of(key.id), ZoneDirectory::Below::instance)) {
    return taken(*name, "id", "another id");
  }
  for (const std::string& tag : tags) {
    if (!is_tag_name(tag)) continue;
    if (const auto name = zones.find_taken_below(key.service, tag, ZoneDirectory::Below::tag)) {
      return taken(*name, "tags", "another tag");
    }
  }
  return std::nullopt;
}

std::optional<Error> refuse_labels(const InstanceRef& key, const std::vector<std::string>& tags,
                                   const LabelUses& uses) {
  const std::string label = label_of(key.id);
  const std::optional<std::string> twin = uses.find_instance(key.service, label);
  if (twin && *twin != key.id) {
    if (equal_but_for_case(*twin, key.id)) {
      return conflict(
          "id", fmt::format("the id differs only in case from the registered \"{}\", and both would be one DNS name: "
                            "choose another id",
                            *twin));
    }
    return conflict("id", fmt::format("the id's label, {}, is that of the registered \"{}\", and both would be one DNS "
                                      "name: choose another id",
                                      label, *twin));
  }
  const auto own = std::ranges::find_if(
      tags, [&](const std::string& tag) { return is_tag_name(tag) && equal_but_for_case(tag, label); });
  if (own != tags.end()) {
    return conflict("tags", fmt::format("the tag \"{}\" is the instance's own label, and both would be one DNS name: "
                                        "choose another tag or id",
                                        *own));
  }
  if (uses.has_tag(key.service, label)) {
    return conflict("id",
                    fmt::format("the id's label, {}, is a tag of other instances of this service, and both would be "
                                "one DNS name: choose another id",
                                label));
  }
  for (const std::string& tag : tags) {
    if (!is_tag_name(tag)) continue;
    const std::optional<std::string> other = uses.find_instance(key.service, tag);
    if (!other) continue;
    return conflict("tags",
                    fmt::format("the tag \"{}\" is the label of the instance \"{}\" of this service, and both would "
                                "be one DNS name: choose another tag",
                                tag, *other));
  }
  return std::nullopt;
}

}  // namespace rollcall::registry
