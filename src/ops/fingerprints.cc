#include "ops/fingerprints.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace rollcall::ops {
namespace {

constexpr std::size_t k_digits = 12;

std::string short_digest(std::string_view text) { return to_hex(sha256(text)).substr(0, k_digits); }

// A text with its length in front, so that no two lists of texts look alike.
void put(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{}:{};", text.size(), text);
}
template <std::integral T>
void put(std::string& out, T number) {
  fmt::format_to(std::back_inserter(out), "{};", number);
}
template <class T>
void put(std::string& out, const std::optional<T>& value) {
  out += value ? '+' : '-';
  if (value) put(out, *value);
}

void put_policy(std::string& out, const answer::AnswerPolicy& policy) {
  put(out, policy.ttl_seconds);
  put(out, static_cast<unsigned>(policy.when_empty));
  put(out, policy.answer_limit);
  put(out, policy.protect_permille);
  put(out, policy.protect_for.count());
}

void put_rule(std::string& out, const ServiceRule& rule) {
  put(out, rule.match);
  put(out, rule.ttl_seconds);
  put(out, rule.when_empty ? std::optional(static_cast<unsigned>(*rule.when_empty)) : std::nullopt);
  put(out, rule.answer_limit);
  put(out, rule.protect_permille);
  put(out, rule.protect_for ? std::optional(rule.protect_for->count()) : std::nullopt);
}

std::string line_of(const answer::Node& node, const answer::RRset& rrset) {
  std::vector<std::string> rdatas = rrset.rdatas;
  std::ranges::sort(rdatas);
  std::string line;
  put(line, node.owner.folded_wire());
  put(line, static_cast<unsigned>(rrset.type));
  put(line, rrset.ttl);
  for (const std::string& rdata : rdatas) put(line, rdata);
  return line;
}

}  // namespace

std::string settings_hash(const Settings& settings) {
  std::string text;
  put(text, settings.lease.standard.count());
  put(text, settings.lease.min.count());
  put(text, settings.lease.max.count());
  put(text, settings.forget_service_after.count());
  for (const ZoneSettings& zone : settings.zones) {  // in their order: the first is the default
    put(text, zone.name.folded_wire());
    put_policy(text, zone.policy);
  }
  for (const ServiceRule& rule : settings.service_rules) put_rule(text, rule);
  return short_digest(text);
}

std::string zones_hash(std::span<const answer::Zone> zones) {
  std::vector<std::string> lines;
  for (const answer::Zone& zone : zones) {
    zone.records.for_each_node([&](const answer::Node& node) {
      for (const answer::RRset& rrset : node.rrsets) lines.push_back(line_of(node, rrset));
    });
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) put(text, line);
  return short_digest(text);
}

}  // namespace rollcall::ops
