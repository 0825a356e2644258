#include "answer/consul/consul_question.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"

namespace rollcall::answer {
namespace {

using Kind = ConsulQuestion::Kind;
using dns::QuestionName;

constexpr std::size_t k_v4_digits = 8;
constexpr std::size_t k_v6_digits = 32;

bool is_underscored(std::string_view label) { return label.size() > 1 && label.front() == '_'; }

// The labels from `first` to `end`, with their lengths.
std::string_view run_of(const QuestionName& name, std::size_t first, std::size_t end) {
  return name.suffix(first).substr(0, static_cast<std::size_t>(name.label_offset[end] - name.label_offset[first]));
}

std::optional<IpAddress> parse_hex(std::string_view digits) {
  if (digits.size() != k_v4_digits && digits.size() != k_v6_digits) return std::nullopt;
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < digits.size() / 2; ++i) {
    const char* at = digits.data() + i * 2;
    if (const auto [end, error] = std::from_chars(at, at + 2, octets[i], 16); error != std::errc() || end != at + 2) {
      return std::nullopt;
    }
  }
  return digits.size() == k_v4_digits ? IpAddress::v4(std::span(octets).first<4>()) : IpAddress::v6(octets);
}

ConsulQuestion parse_service(const QuestionName& name, std::size_t end, ConsulQuestion asked) {
  asked.kind = Kind::service;
  if (end == 2 && is_underscored(name.label(0)) && is_underscored(name.label(1))) {
    asked.is_rfc2782 = true;
    asked.name = name.label(0).substr(1);
    asked.tags = name.label(1).substr(1);
    return asked;
  }
  asked.name = name.label(end - 1);
  asked.may_have_below = end == 1 && is_underscored(asked.name);
  if (end > 1) asked.tags = run_of(name, 0, end - 1);
  return asked;
}

ConsulQuestion parse_address(const QuestionName& name, std::size_t end, ConsulQuestion asked) {
  asked.address = end == 1 ? parse_hex(name.label(0)) : std::nullopt;
  asked.kind = asked.address ? Kind::address : Kind::nothing;
  return asked;
}

ConsulQuestion parse_query(const QuestionName& name, std::size_t end, ConsulQuestion asked) {
  asked.kind = Kind::query;
  asked.name = run_of(name, 0, end);
  if (end == 2 && is_underscored(name.label(0)) && name.label(1) == "_tcp") {
    asked.is_rfc2782 = true;
    asked.name = name.label(0).substr(1);
  }
  asked.may_have_below = end == 1 && name.label(0) == "_tcp";
  return asked;
}

// The name in front of `end`, where a datacenter or the domain begins.
ConsulQuestion parse_name(const QuestionName& name, std::size_t end, registry::ZoneId zone, bool has_datacenter) {
  ConsulQuestion asked{.zone = zone};
  if (end == 0) {
    if (has_datacenter) asked.kind = Kind::empty;
    return asked;
  }
  const std::string_view keyword = name.label(end - 1);
  const std::size_t rest = end - 1;
  const bool is_keyword = keyword == "service" || keyword == "node" || keyword == "addr" || keyword == "query";
  if (is_keyword && rest == 0) {
    asked.kind = Kind::empty;
    return asked;
  }
  if (keyword == "service") return parse_service(name, rest, asked);
  if (keyword == "addr") return parse_address(name, rest, asked);
  if (keyword == "query") return parse_query(name, rest, asked);
  if (keyword == "node") {
    asked.kind = Kind::node;
    asked.name = run_of(name, 0, rest);
    return asked;
  }
  // `_web._tcp`, without the word: RFC 2782 alone says what it is.
  if (!is_underscored(keyword)) return asked;
  if (end == 1) asked.kind = Kind::empty;
  if (end == 2 && is_underscored(name.label(0))) return parse_service(name, end, asked);
  return asked;
}

}  // namespace

ConsulDatacenters::ConsulDatacenters(const std::vector<std::optional<dns::Name>>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i] || names[i]->is_root()) continue;
    std::string labels = names[i]->folded_wire();
    labels.pop_back();
    all_.push_back({std::move(labels), names[i]->label_count(), static_cast<registry::ZoneId>(i)});
  }
  std::ranges::stable_sort(all_, std::greater{}, &Datacenter::count);
}

bool ConsulDatacenters::ends_in(const Datacenter& datacenter, const QuestionName& name, std::size_t& end) {
  if (end < datacenter.count) return false;
  const std::size_t begin = end - datacenter.count;
  if (run_of(name, begin, end) != datacenter.labels) return false;
  end = begin;
  return true;
}

ConsulQuestion ConsulDatacenters::parse_in_datacenter(const QuestionName& name, std::size_t end) const {
  const std::string_view whole = run_of(name, 0, end);
  for (const Datacenter& datacenter : all_) {
    std::size_t begin = end;
    if (ends_in(datacenter, name, begin)) {
      const ConsulQuestion asked = parse_name(name, begin, datacenter.zone, true);
      if (asked.kind != Kind::nothing) return asked;
    } else if (end < datacenter.count && datacenter.labels.ends_with(whole)) {
      return {.kind = Kind::empty};  // above a datacenter of several labels
    }
  }
  return {};
}

ConsulQuestion ConsulDatacenters::parse(const QuestionName& name, std::size_t own_labels) const {
  check(own_labels > 0 && own_labels <= name.labels, "a name below the domain has labels of its own");
  const ConsulQuestion plain = parse_name(name, own_labels, registry::ZoneId{0}, false);
  if (plain.kind != Kind::nothing) return plain;
  if (name.label(own_labels - 1) == "dc") {
    if (own_labels == 1) return {.kind = Kind::empty};
    const ConsulQuestion marked = parse_in_datacenter(name, own_labels - 1);
    if (marked.kind != Kind::nothing) return marked;
  }
  return parse_in_datacenter(name, own_labels);
}

}  // namespace rollcall::answer
