#include "cluster/keys.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_parts_max = 4;

bool is_folded(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// A name as it stands in a key: folded, no empty label, no slash. Rules of the registry are the registry's: this only makes
// sure that one name has one key.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > limits::k_name_bytes_max || text.front() == '.' || text.back() == '.') return false;
  char before = '.';
  for (const char c : text) {
    if (c == '.' ? before == '.' : !is_folded(c)) return false;
    before = c;
  }
  return true;
}
bool is_label(std::string_view text) {
  return is_name(text) && text.size() <= limits::k_label_bytes_max && text.find('.') == std::string_view::npos;
}

bool is_service(std::string_view name) { return !name.empty() && name.size() <= limits::k_door_id_bytes_max; }

bool is_plain(char c) { return is_folded(c) || c == '.'; }

// A service's name as it stands in a key.
std::string write_service_part(std::string_view name) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string part;
  part.reserve(name.size());
  for (const char c : name) {
    if (is_plain(c)) {
      part += c;
      continue;
    }
    const auto octet = static_cast<std::uint8_t>(c);
    part += '%';
    part += k_digits[octet >> 4];
    part += k_digits[octet & 0x0f];
  }
  return part;
}

std::optional<std::uint8_t> parse_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// Empty: no service has this part, because it is escaped otherwise.
std::string parse_service_part(std::string_view part) {
  std::string name;
  while (!part.empty()) {
    if (is_plain(part.front())) {
      name += part.front();
      part.remove_prefix(1);
      continue;
    }
    if (part.front() != '%' || part.size() < 3) return {};
    const auto high = parse_digit(part[1]);
    const auto low = parse_digit(part[2]);
    if (!high || !low) return {};
    const auto c = static_cast<char>(*high << 4 | *low);
    if (is_plain(c)) return {};
    name += c;
    part.remove_prefix(3);
  }
  return is_service(name) ? name : std::string();
}

// One number has one key: no sign, no leading zero.
std::optional<std::uint32_t> parse_lane(std::string_view text) {
  std::uint32_t lane = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), lane);
  if (failed != std::errc{} || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  return lane;
}

struct Parts {
  std::array<std::string_view, k_parts_max> part;
  std::size_t count = 0;  // k_parts_max + 1: more
};

Parts split(std::string_view text) {
  Parts parts;
  while (true) {
    const std::size_t slash = text.find('/');
    if (parts.count == k_parts_max) {
      ++parts.count;
      return parts;
    }
    parts.part[parts.count++] = text.substr(0, slash);
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

bool is_node_name(std::string_view text) {
  return is_label(text) && text.find('_') == std::string_view::npos && text.front() != '-' && text.back() != '-';
}

Keys::Keys(std::string_view cluster) : prefix_("/rollcall/" + std::string(cluster) + "/") {
  check(is_node_name(cluster), "the name of a cluster is a label");
}

std::string Keys::instance(std::string_view zone, std::string_view service, std::string_view label) const {
  check(is_name(zone) && is_service(service) && is_label(label), "a key is made of folded names");
  return prefix_ + "roll/" + std::string(zone) + "/" + write_service_part(service) + "/" + std::string(label);
}
std::string Keys::service(std::string_view zone, std::string_view service) const {
  check(is_name(zone) && is_service(service), "a key is made of folded names");
  return prefix_ + "service/" + std::string(zone) + "/" + write_service_part(service);
}
std::string Keys::serial(std::string_view zone) const {
  check(is_name(zone), "a key is made of folded names");
  return prefix_ + "serial/" + std::string(zone);
}
std::string Keys::lane(std::string_view node, std::uint32_t lane) const {
  check(is_node_name(node), "the name of a node is a label");
  return prefix_ + "last/" + std::string(node) + "/" + std::to_string(lane);
}
NodeKeys Keys::node(std::string_view name) const {
  check(is_node_name(name), "the name of a node is a label");
  const std::string text(name);
  return {.node = prefix_ + "node/" + text,
          .nodes = prefix_ + "nodes/" + text,
          .members = prefix_ + "members",
          .nothing = prefix_ + "nothing"};
}

Place Keys::place_of(std::string_view key) const {
  if (!key.starts_with(prefix_)) return Foreign{};
  const std::string_view rest = key.substr(prefix_.size());
  if (constexpr std::string_view k_import = "imported"; rest.starts_with(k_import)) {
    const std::string_view record = rest.substr(k_import.size());
    if (record.size() > 1 && record.front() == '/') return ImportPlace{record};
    return Foreign{};
  }
  const auto [part, count] = split(rest);
  const std::string_view kind = part[0];
  if (count == 1 && kind == "members") return MembersPlace{};
  if (count == 1 && kind == "format") return FormatPlace{};
  if (count == 2 && kind == "node" && is_node_name(part[1])) return SessionPlace{part[1]};
  if (count == 2 && kind == "nodes" && is_node_name(part[1])) return RegisteredPlace{part[1]};
  if (count == 2 && kind == "serial" && is_name(part[1])) return SerialPlace{part[1]};
  if (count == 3 && kind == "service" && is_name(part[1])) {
    if (std::string service = parse_service_part(part[2]); !service.empty()) {
      return ServicePlace{part[1], std::move(service)};
    }
  }
  if (count == 3 && kind == "last" && is_node_name(part[1])) {
    if (const auto lane = parse_lane(part[2])) return LanePlace{part[1], *lane};
  }
  if (count == 4 && kind == "roll" && is_name(part[1]) && is_label(part[3])) {
    if (std::string service = parse_service_part(part[2]); !service.empty()) {
      return InstancePlace{part[1], std::move(service), part[3]};
    }
  }
  return Foreign{};
}

}  // namespace rollcall::cluster
