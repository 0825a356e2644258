#include "registry/instance/instance.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "registry/instance/patched.h"

namespace rollcall::registry {
namespace {

constexpr std::string_view k_derived_mark = "--";
constexpr std::size_t k_hash_digits = 8;
constexpr std::size_t k_slug_bytes_max = limits::k_label_bytes_max - k_derived_mark.size() - k_hash_digits;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_host_label(std::string_view text) {
  if (text.empty() || text.size() > limits::k_label_bytes_max) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool ends_like_derived(std::string_view text) {
  if (text.size() < k_derived_mark.size() + k_hash_digits) return false;
  const std::string_view tail = text.substr(text.size() - k_derived_mark.size() - k_hash_digits);
  return tail.starts_with(k_derived_mark) && std::ranges::all_of(tail.substr(k_derived_mark.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

constexpr std::array<std::string_view, 3> k_lease_kinds{"ends", "critical", "none"};
constexpr std::array<std::string_view, 3> k_doors{"native", "consul", "eureka"};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& texts, std::string_view text) {
  const auto found = std::ranges::find(texts, text);
  if (found == texts.end()) return std::nullopt;
  return static_cast<Enum>(found - texts.begin());
}

// Lower case letters, digits and single inner hyphens; "i" when nothing of the id is left.
std::string slug_of(std::string_view id) {
  std::string slug;
  for (const char c : id) {
    if (is_letter_or_digit(c)) {
      slug += to_lower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == k_slug_bytes_max) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  if (slug.empty()) return "i";
  // Two characters and "--" are what an A-label begins with, "xn--", and whatever may come after it (RFC 5890 §2.3.1).
  return slug.size() == 2 ? slug.append("-i") : slug;
}

std::string short_hash(std::string_view id) {
  const std::uint64_t wide = stable_hash(id);
  std::uint32_t hash = static_cast<std::uint32_t>(wide ^ (wide >> 32));
  std::string digits(k_hash_digits, '0');
  for (std::size_t i = k_hash_digits; i-- > 0; hash >>= 4) digits[i] = "0123456789abcdef"[hash & 0xf];
  return digits;
}

}  // namespace

std::string_view to_text(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::string_view to_text(Status status) {
  switch (status) {
    case Status::ready: return "ready";
    case Status::draining: return "draining";
    case Status::critical: return "critical";
  }
  return "ready";
}

std::string_view to_text(LeaseKind kind) { return k_lease_kinds.at(static_cast<std::size_t>(kind)); }
std::string_view to_text(Door door) { return k_doors.at(static_cast<std::size_t>(door)); }
std::optional<LeaseKind> parse_lease_kind(std::string_view text) { return find<LeaseKind>(k_lease_kinds, text); }
std::optional<Door> parse_door(std::string_view text) { return find<Door>(k_doors, text); }

Standing::Standing(Status status, WallTime since_when) : is_draining(status == Status::draining), since(since_when) {
  if (status == Status::critical) set_plan_result(true, {}, since_when);
}

std::string_view Standing::output() const {
  const auto says_no = [](const health::CheckResult& result) { return result.status == health::CheckStatus::critical; };
  const auto found = std::ranges::find_if(checks, says_no);
  return found == checks.end() ? std::string_view() : found->output;
}

void Standing::set_plan_result(bool is_critical, std::string output, WallTime wall_now) {
  if (!is_critical) {
    health::remove_result(checks, health::k_plan_check);
    return;
  }
  health::put_result(checks,
                     {.id = std::string(health::k_plan_check),
                      .name = {},
                      .kind = health::CheckKind::plan,
                      .status = health::CheckStatus::critical,
                      .since = wall_now,
                      .output = std::move(output)},
                     LeaseTime{});
}

std::uint64_t hash_of(const ServiceRef& key) noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(key.name, seed + static_cast<std::uint64_t>(key.zone));
}

std::uint64_t hash_of(const InstanceRef& key) noexcept {
  return hash_bytes(key.id, hash_of(key.service), k_case_blind);
}

std::string label_of(std::string_view id) {
  if (is_host_label(id) && !ends_like_derived(id)) return std::string(id);
  return derived_label_of(id);
}

std::string derived_label_of(std::string_view id) { return slug_of(id).append(k_derived_mark).append(short_hash(id)); }

std::string service_label_of(std::string_view folded_name) {
  const bool is_label =
      !folded_name.empty() && folded_name.size() <= limits::k_label_bytes_max && !folded_name.contains('.');
  return is_label ? std::string(folded_name) : derived_label_of(folded_name);
}

bool is_tag_name(std::string_view tag) noexcept {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return is_host_label(tag) && std::ranges::none_of(tag, is_upper);
}

namespace {

// The label where it is not the id itself.
std::string other_label_of(std::string_view id) {
  std::string label = label_of(id);
  if (label == id) label.clear();
  return label;
}

template <class Code>
std::size_t packed_bytes(const auto& values) {
  std::size_t bytes = 0;
  for (const auto& value : values) bytes += Code::size_of(value);
  return bytes;
}

char* write_text(std::string_view text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Appends the values, and says how many octets they have taken.
template <class Code>
std::uint16_t write_packed(const auto& values, char*& at) {
  const char* const begin = at;
  for (const auto& value : values) at = Code::write(value, at);
  return static_cast<std::uint16_t>(at - begin);
}

}  // namespace

namespace {

// What lies behind meta, where there is anything: door, host, check of the lease, attributes, results.
constexpr std::size_t k_rare_fixed_bytes = 5;

bool has_rare(const Registration& asked, const Standing& standing) {
  return asked.door != Door::native || !asked.host.empty() || !asked.lease_check.empty() || !asked.attributes.empty() ||
         !standing.checks.empty();
}

std::size_t rare_bytes_of(const Registration& asked, const Standing& standing) {
  if (!has_rare(asked, standing)) return 0;
  return k_rare_fixed_bytes + asked.host.size() + asked.lease_check.size() + asked.attributes.size() +
         packed_bytes<health::packed::Result>(standing.checks);
}

std::uint32_t write_rare(const Registration& asked, const Standing& standing, char* at) {
  if (!has_rare(asked, standing)) return 0;
  const char* const begin = at;
  *at++ = static_cast<char>(asked.door);
  *at++ = static_cast<char>(asked.host.size());
  *at++ = static_cast<char>(asked.lease_check.size());
  *at++ = static_cast<char>(asked.attributes.size() >> 8);
  *at++ = static_cast<char>(asked.attributes.size());
  at = write_text(asked.attributes, write_text(asked.lease_check, write_text(asked.host, at)));
  for (const health::CheckResult& result : standing.checks) at = health::packed::Result::write(result, at);
  return static_cast<std::uint32_t>(at - begin);
}

// What there is room for in the lengths; the rules (registration.h) are narrower.
void check_bounds(const Registration& asked, const Standing& standing) {
  static_assert(limits::k_tags_max * (1 + limits::k_label_bytes_max) <= 0xffff);
  static_assert(limits::k_meta_bytes_max * 3 <= 0xffff, "pairs of one octet, with their lengths");
  static_assert(limits::k_door_texts_bytes_max * 3 <= 0xffff, "the same of a door's instances");
  static_assert(sizeof(Instance) <= 152, "an instance without checks costs no more than it did");
  check(asked.key.service.name.size() <= 0xff && asked.key.id.size() <= 0xffff, "the key has been held to its rules");
  check(asked.host.size() <= limits::k_name_bytes_max && asked.lease_check.size() <= limits::k_door_id_bytes_max &&
            asked.attributes.size() <= limits::k_door_texts_bytes_max,
        "what a door keeps beside is bounded");
  check(standing.checks.size() <= limits::k_check_results_max, "the checks of an instance are bounded");
  check((asked.ttl == std::chrono::milliseconds::zero()) == (asked.lease == LeaseKind::none),
        "who has to call in knows how often");
}

Lease lease_of(const Registration& asked, const Standing& standing, LeaseTime now) {
  if (asked.lease == LeaseKind::none || is_overdue(asked, standing)) return Lease(Lease::Never{});
  return {now, asked.ttl};
}

}  // namespace

bool is_overdue(const Registration& asked, const Standing& standing) {
  if (asked.lease != LeaseKind::turns_critical) return false;
  const health::CheckResult* result = health::find_result(standing.checks, asked.lease_check);
  return result != nullptr && result->status == health::CheckStatus::critical;
}

std::unique_ptr<Instance> Instance::make(const Registration& asked, const Standing& standing, ChangeIndex index,
                                         WallTime registered_at, LeaseTime now, std::optional<CheckedSince> since) {
  check_bounds(asked, standing);
  const std::string label = other_label_of(asked.key.id);
  const Room room{asked.key.service.name.size() + asked.key.id.size() + label.size() +
                  packed_bytes<packed::Address>(asked.addresses) + packed_bytes<packed::LongText>(asked.tags) +
                  packed_bytes<packed::Pair>(asked.meta) + rare_bytes_of(asked, standing)};
  std::unique_ptr<Instance> made(new (room) Instance(asked, label, standing, index, registered_at, now,
                                                     since.value_or(registry::checked_since(asked, index))));
  check(made->rare_at() + made->rare_bytes_ == room.octets, "an instance takes the room that was made for it");
  return made;
}

Instance::Instance(const Registration& asked, std::string_view derived_label, const Standing& standing,
                   ChangeIndex change_index, WallTime first_registered_at, LeaseTime now, CheckedSince since)
    : lease(lease_of(asked, standing, now)),
      index(change_index),
      registered_at(first_registered_at),
      status_since_(standing.since),
      health_(asked.health ? std::make_unique<const Checked>(asked.health, since) : nullptr),
      ttl_ms_(static_cast<std::uint32_t>(asked.ttl.count())),
      zone_(asked.key.service.zone),
      port_(asked.port),
      priority_(asked.priority),
      weight_(asked.weight),
      id_bytes_(static_cast<std::uint16_t>(asked.key.id.size())),
      service_bytes_(static_cast<std::uint8_t>(asked.key.service.name.size())),
      label_bytes_(static_cast<std::uint8_t>(derived_label.size())),
      protocol_(asked.protocol),
      lease_kind_(asked.lease),
      is_draining_(standing.is_draining),
      is_critical_(standing.is_critical()),
      is_overdue_(registry::is_overdue(asked, standing)),
      status(standing.status()) {
  char* at = write_text(asked.key.service.name, run());
  at = write_text(asked.key.id, at);
  at = write_text(derived_label, at);
  addresses_bytes_ = write_packed<packed::Address>(asked.addresses, at);
  tags_bytes_ = write_packed<packed::LongText>(asked.tags, at);
  meta_bytes_ = write_packed<packed::Pair>(asked.meta, at);
  rare_bytes_ = write_rare(asked, standing, at);
}

Instance::Rare Instance::rare() const {
  if (rare_bytes_ == 0) return {};
  std::string_view rest = run(rare_at(), rare_bytes_);
  const auto octet = [&](std::size_t i) { return std::size_t{static_cast<std::uint8_t>(rest[i])}; };
  Rare rare{.door = static_cast<Door>(octet(0)), .host = {}, .lease_check = {}, .attributes = {}, .results = {}};
  const std::size_t sizes[] = {octet(1), octet(2), octet(3) << 8 | octet(4)};
  rest.remove_prefix(k_rare_fixed_bytes);
  std::string_view* const texts[] = {&rare.host, &rare.lease_check, &rare.attributes};
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    *texts[i] = rest.substr(0, sizes[i]);
    rest.remove_prefix(sizes[i]);
  }
  rare.results = rest;
  return rare;
}

bool Instance::is_in_maintenance() const {
  return std::ranges::any_of(checks(), [](const auto& result) {
    return result.kind == health::CheckKind::maintenance && result.status == health::CheckStatus::critical;
  });
}

std::string_view Instance::check_output() const {
  if (!is_critical_) return {};
  for (const health::packed::ResultView& result : checks()) {
    if (result.status == health::CheckStatus::critical) return result.output;
  }
  return {};
}

LeaseTime Instance::ends_at() const {
  LeaseTime at = LeaseTime::max();
  if (!is_critical_) return at;
  for (const health::packed::ResultView& result : checks()) at = std::min(at, result.ends_at);
  return at;
}

const health::SharedPlan& Instance::health() const {
  static const health::SharedPlan k_none;
  return health_ == nullptr ? k_none : health_->plan;
}

Registration Instance::registration() const {
  const auto values = addresses();
  Registration made{.key = owned_key(),
                    .addresses = {values.begin(), values.end()},
                    .port = port_,
                    .protocol = protocol(),
                    .priority = priority_,
                    .weight = weight_,
                    .tags = {},
                    .meta = {},
                    .ttl = ttl(),
                    .health = health(),
                    .lease = lease_kind(),
                    .lease_check = std::string(lease_check()),
                    .host = std::string(host()),
                    .door = door(),
                    .attributes = std::string(attributes())};
  for (const std::string_view tag : tags()) made.tags.emplace_back(tag);
  for (const auto& [key, value] : meta()) made.meta.emplace_back(key, value);
  return made;
}

namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

bool has_same_meta(const auto& a, const auto& b) {
  const auto is_equal = [](const auto& x, const auto& y) { return x.first == y.first && x.second == y.second; };
  if (std::ranges::equal(a, b, is_equal)) return true;
  Pairs ours;
  Pairs theirs;
  for (const auto& [key, value] : a) ours.emplace_back(key, value);
  for (const auto& [key, value] : b) theirs.emplace_back(key, value);
  std::ranges::sort(ours);
  std::ranges::sort(theirs);
  return ours == theirs;
}

}  // namespace

bool means_the_same(const Registration& a, const Registration& b) {
  return a.key == b.key && a.ttl == b.ttl && a.port == b.port && a.protocol == b.protocol && a.priority == b.priority &&
         a.weight == b.weight && a.addresses == b.addresses && a.tags == b.tags && has_same_meta(a.meta, b.meta) &&
         a.health == b.health && a.lease == b.lease && a.lease_check == b.lease_check && a.host == b.host &&
         a.door == b.door && a.attributes == b.attributes;
}

bool Instance::is_as(const Registration& asked) const {
  const Rare rare = this->rare();
  if (rare.door == Door::native && has_patch(rare.attributes)) {
    return means_the_same(last_registered(registration()), asked);
  }
  return key() == asked.key.ref() && ttl() == asked.ttl && port_ == asked.port && protocol() == asked.protocol &&
         priority_ == asked.priority && weight_ == asked.weight && std::ranges::equal(addresses(), asked.addresses) &&
         std::ranges::equal(tags(), asked.tags) && has_same_meta(meta(), asked.meta) && health() == asked.health &&
         lease_kind() == asked.lease && rare.lease_check == asked.lease_check && rare.host == asked.host &&
         rare.door == asked.door && rare.attributes == asked.attributes;
}

Standing Instance::standing() const {
  Standing made(Status::ready, status_since_);
  made.is_draining = is_draining_;
  for (const health::packed::ResultView& result : checks()) made.checks.push_back(result.value());
  return made;
}

}  // namespace rollcall::registry
