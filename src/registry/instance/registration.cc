#include "registry/instance/registration.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <ranges>
#include <string_view>

#include "base/ascii_case.h"
#include "base/duration.h"
#include "base/printable.h"

namespace rollcall::registry {
namespace {

using namespace limits;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// A character of an id: no control (C0, DEL, C1), no space (U+0020, U+00A0), no '/'.
bool is_id_character(std::string_view character) {
  if (character.size() == 1) return character[0] > ' ' && character[0] != '\x7f' && character[0] != '/';
  if (character.size() == 2 && character[0] == '\xc2') return static_cast<std::uint8_t>(character[1]) > 0xa0;
  return true;
}

// RFC 6763 §6.4: keys compare without case, and clients take the first of a key alone.
Result<void> check_meta_case(const Registration& draft) {
  const auto lower = [](char c) { return to_lower(c); };
  const auto is_before = [&](std::string_view a, std::string_view b) {
    return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
  };
  if (draft.meta.size() < 2) return {};
  std::vector<std::string_view> keys;
  keys.reserve(draft.meta.size());
  for (const auto& [key, value] : draft.meta) keys.push_back(key);
  std::ranges::sort(keys, is_before);
  const auto repeat = std::ranges::adjacent_find(keys, equal_but_for_case);
  if (repeat == keys.end()) return {};
  const auto last_first = draft.meta | std::views::reverse;
  const auto last =
      std::ranges::find_if(last_first, [&](const auto& pair) { return equal_but_for_case(pair.first, *repeat); });
  const std::string& key = last->first;
  return failure(Errc::invalid,
                 fmt::format("meta has the key \"{}\" twice: case makes no difference in a TXT record", key),
                 "meta." + key);
}

Result<void> check_meta(const Registration& draft) {
  std::size_t whole = 0;
  for (const auto& [key, value] : draft.meta) {
    if (key.empty() || key.size() > k_meta_key_max) {
      return failure(Errc::invalid, fmt::format("a key of meta must have 1 to {} characters", k_meta_key_max),
                     "meta." + key);
    }
    // RFC 6763 §6.4: what a TXT record's `key=value` can carry.
    if (!std::ranges::all_of(key, [](char c) { return c >= 0x20 && c <= 0x7e && c != '='; })) {
      return failure(Errc::invalid, "a key of meta must be printable ASCII without '='", "meta." + key);
    }
    // One character-string of the TXT record (RFC 6763 §6.1); a longer pair could not be told at all.
    if (const std::size_t pair = key.size() + 1 + value.size(); pair > k_txt_string_bytes_max) {
      return failure(
          Errc::invalid,
          fmt::format("a pair of meta is told as \"key=value\" in at most {} octets, \"{}\" has {}: shorten its "
                      "value",
                      k_txt_string_bytes_max, key, pair),
          "meta." + key);
    }
    whole += key.size() + value.size();
  }
  if (const auto repeat = check_meta_case(draft); !repeat) return repeat;
  if (whole > k_meta_bytes_max) {
    return failure(
        Errc::invalid,
        fmt::format("meta must be at most {} bytes of keys and values together, it has {}", k_meta_bytes_max, whole),
        "meta");
  }
  return {};
}

// RFC 6763 §6.7: whoever reads the record must know its version first. Everything else stays in the client's order.
void put_version_first(std::vector<std::pair<std::string, std::string>>& meta) {
  const auto version =
      std::ranges::find_if(meta, [](const auto& pair) { return equal_but_for_case(pair.first, "txtvers"); });
  if (version != meta.end()) std::rotate(meta.begin(), version, version + 1);
}

// Whatever a door's clients write there; what no TXT record can carry is left out of it.
Result<void> check_free_texts(const Registration& draft) {
  std::size_t in_tags = 0;
  std::size_t in_meta = 0;
  for (const std::string& tag : draft.tags) {
    if (tag.size() > k_door_tag_bytes_max || !is_utf8(tag)) {
      return failure(Errc::invalid, fmt::format("a tag must be UTF-8 of at most {} octets", k_door_tag_bytes_max),
                     "tags");
    }
    in_tags += tag.size();
  }
  for (const auto& [key, value] : draft.meta) {
    if (key.size() > k_txt_string_bytes_max || !is_utf8(key) || !is_utf8(value)) {
      return failure(Errc::invalid,
                     fmt::format("a pair of meta must be UTF-8, its key of at most {} octets", k_txt_string_bytes_max),
                     "meta");
    }
    in_meta += key.size() + value.size();
  }
  const auto is_over = [](std::size_t octets) { return octets > k_door_texts_bytes_max; };
  const std::string_view over = is_over(in_tags)                   ? "tags"
                                : is_over(in_meta)                 ? "meta"
                                : is_over(draft.attributes.size()) ? "attributes"
                                                                   : "";
  if (over.empty()) return {};
  return failure(Errc::invalid, fmt::format("{} must be at most {} octets in all", over, k_door_texts_bytes_max),
                 std::string(over));
}

Result<void> check_lease(const Registration& draft, const LeaseBounds& bounds, const FieldRules& rules) {
  if (draft.lease == LeaseKind::none && !rules.needs_lease && draft.ttl == std::chrono::milliseconds::zero()) return {};
  if ((draft.lease == LeaseKind::turns_critical) == draft.lease_check.empty()) {
    return failure(Errc::invalid, "a lease that turns a check critical names it, and no other does", "lease_check");
  }
  if (draft.ttl >= bounds.min && draft.ttl <= bounds.max) return {};
  return failure(Errc::invalid,
                 fmt::format("ttl must be from {} to {}, it is {}", format_duration(bounds.min),
                             format_duration(bounds.max), format_duration(draft.ttl)),
                 "ttl");
}

// The longest name an instance answers to is `label._service._proto.zone`; all of it must be a legal name (RFC 1035
// §2.3.4).
Result<void> check_name_length(const Registration& draft, std::size_t zone_apex_bytes) {
  constexpr std::size_t k_proto_bytes = 5;  // "\4_tcp"
  const std::string& service = draft.key.service.name;
  std::size_t id_bytes = label_of(draft.key.id).size();
  std::size_t service_bytes = service_label_of(service).size();
  if (draft.door != Door::native) {  // where a name is taken, a derived label is answered
    id_bytes = std::max(id_bytes, derived_label_of(draft.key.id).size());
    service_bytes = std::max(service_bytes, derived_label_of(service).size());
  }
  const std::size_t bytes = 1 + id_bytes + 1 + 1 + service_bytes + k_proto_bytes + zone_apex_bytes;
  if (bytes <= k_name_bytes_max) return {};
  return failure(
      Errc::invalid,
      fmt::format("the instance's DNS name would have {} octets, {} more than a name may have: shorten the id "
                  "or the service",
                  bytes, bytes - k_name_bytes_max),
      "id");
}

void remove_repeats(std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> unique;
  for (const IpAddress& address : addresses) {
    if (std::ranges::find(unique, address) == unique.end()) unique.push_back(address);
  }
  addresses = std::move(unique);
}

}  // namespace

Result<std::string> parse_label(std::string_view text, std::string_view field) {
  const auto refuse = [&](std::string_view reason) {
    return failure(Errc::invalid,
                   fmt::format("{} must be a DNS label: letters, digits and inner hyphens, 1 to {} of them; {}", field,
                               k_label_bytes_max, reason),
                   std::string(field));
  };
  if (text.empty()) return refuse("it is empty");
  if (text.size() > k_label_bytes_max) return refuse(fmt::format("it has {}", text.size()));
  std::string folded = to_lower(text);
  for (const char c : folded) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!allowed) return refuse(c > ' ' && c < 0x7f ? fmt::format("'{}' is none", c) : "one character is none");
  }
  if (folded.front() == '-' || folded.back() == '-') return refuse("a hyphen stands at an end");
  return folded;
}

Result<std::string> parse_instance_id(std::string_view text, std::string_view field) {
  const auto refuse = [&](std::string_view reason) {
    return failure(Errc::invalid,
                   fmt::format("{} must be 1 to {} printable characters without space and '/'; {}", field,
                               k_id_characters_max, reason),
                   std::string(field));
  };
  if (text.empty()) return refuse("it is empty");
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) return refuse("it is not UTF-8");
    if (!is_id_character(rest.substr(0, length))) return refuse("one character is none");
    rest.remove_prefix(length);
  }
  if (characters > k_id_characters_max) return refuse(fmt::format("it has {}", characters));
  return std::string(text);
}

Result<std::string> parse_free_id(std::string_view text, std::string_view field) {
  const bool has_control =
      std::ranges::any_of(text, [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; });
  if (!text.empty() && text.size() <= k_door_id_bytes_max && !has_control && is_utf8(text)) return std::string(text);
  return failure(
      Errc::invalid,
      fmt::format("{} must be 1 to {} octets of UTF-8 without control characters", field, k_door_id_bytes_max),
      std::string(field));
}

Result<IpAddress> parse_instance_address(std::string_view text, std::string_view field) {
  const auto refuse = [&](std::string_view reason) {
    return failure(Errc::invalid, fmt::format("{} must be an IPv4 or IPv6 address; {}", field, reason),
                   std::string(field));
  };
  const std::optional<IpAddress> address = IpAddress::parse(text);
  if (!address) return refuse(fmt::format("\"{}\" is none", text.substr(0, 64)));
  if (address->is_unspecified()) return refuse(fmt::format("{} is not an address of anybody", address->text()));
  if (address->is_multicast()) return refuse(fmt::format("{} is not the address of one host", address->text()));
  return *address;
}

std::string default_instance_id(const IpAddress& address, std::uint16_t port, Protocol protocol) {
  return fmt::format("{}-{}{}", address.text(), port, protocol == Protocol::udp ? "-udp" : "");
}

FieldRules rules_of_row(Door door) {
  const bool is_native = door == Door::native;
  return {.needs_port = false, .needs_address = is_native, .needs_lease = false, .has_free_texts = !is_native};
}

Result<Registration> normalise(Registration draft, const LeaseBounds& bounds, std::size_t zone_apex_bytes,
                               const FieldRules& rules) {
  if (draft.port == 0 && rules.needs_port)
    return failure(Errc::invalid, "port must be an integer from 1 to 65535", "port");
  remove_repeats(draft.addresses);
  if (draft.addresses.empty() && rules.needs_address) {
    return failure(Errc::invalid, "address is required: an IPv4 or IPv6 address, or a list in addresses", "address");
  }
  if (draft.addresses.size() > k_addresses_max) {
    return failure(Errc::invalid, fmt::format("addresses must be at most {}", k_addresses_max), "addresses");
  }
  std::ranges::sort(draft.tags);
  draft.tags.erase(std::ranges::unique(draft.tags).begin(), draft.tags.end());
  if (draft.tags.size() > k_tags_max) {
    return failure(Errc::invalid, fmt::format("tags must be at most {}", k_tags_max), "tags");
  }
  put_version_first(draft.meta);
  if (const auto texts = rules.has_free_texts ? check_free_texts(draft) : check_meta(draft); !texts) {
    return std::unexpected(texts.error());
  }
  if (const auto lease = check_lease(draft, bounds, rules); !lease) return std::unexpected(lease.error());
  if (const auto name = check_name_length(draft, zone_apex_bytes); !name) return std::unexpected(name.error());
  return draft;
}

}  // namespace rollcall::registry
