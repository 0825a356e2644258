#include "answer/consul/consul_collector.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "answer/encode/member_records.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

using dns::Type;

constexpr std::uint16_t k_srv_priority = 1;  // Consul knows one alone
// So many targets get their addresses beside the answer; the others can be asked for.
constexpr std::size_t k_targets_max = 128;
// Among so many records a repeat is looked for: enough for what UDP holds, and a bound for TCP.
constexpr std::size_t k_repeats_sought = 256;

}  // namespace

bool ConsulCollector::find_members() {
  scratch_.live.clear();
  if (found_.answers == nullptr) return false;
  facts_ = names_.find_facts(*found_.answers);
  const auto take = [&](std::uint32_t i) {
    if (names_.find_omission(found_, *member(i).instance, now_) == ConsulOmission::none) scratch_.live.push_back(i);
  };
  const ServiceAnswers& answers = *found_.answers;
  if (answers.has_portless()) {
    for (std::uint32_t i = 0; i < answers.members().size(); ++i) take(i);
    return !scratch_.live.empty();
  }
  // Those of a view are the ready ones: who is critical or has another tag is not even looked at.
  std::ranges::for_each(answers.order_of(found_.tagged == nullptr ? answers.all() : *found_.tagged), take);
  if (!std::ranges::is_sorted(scratch_.live))
    std::ranges::sort(scratch_.live);  // by priority, and Consul knows one alone
  return !scratch_.live.empty();
}

ConsulPlace ConsulCollector::place_of(std::uint32_t position) const {
  const InstanceFacts* facts = facts_ == nullptr ? nullptr : facts_->find(member(position).instance->id());
  return names_.place_of(*found_.answers, member(position), facts);
}

// A weight of its own for the time of a warning.
std::uint16_t ConsulCollector::weight_of(std::uint32_t position) const {
  const registry::Instance& instance = *member(position).instance;
  const InstanceFacts* facts = facts_ == nullptr ? nullptr : facts_->find(instance.id());
  if (facts == nullptr) return instance.weight();
  const bool is_passing = health::worst_of(instance.checks()) == health::CheckStatus::passing;
  return is_passing ? facts->passing_weight : facts->warning_weight;
}

std::uint32_t ConsulCollector::ttl_of(registry::LeaseTime earliest) const {
  const std::int64_t left = std::chrono::floor<std::chrono::seconds>(earliest - now_).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, found_.ttl_seconds));
}

std::uint32_t ConsulCollector::ttl_of_members() const {
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : scratch_.live) {
    earliest = std::min(earliest, member(i).instance->lease.cached_until(now_));
  }
  return ttl_of(earliest);
}

void ConsulCollector::note_given(std::uint32_t ttl) const {
  if (is_given_) found_.answers->note_answered(now_, ttl);
}

std::size_t ConsulCollector::limit(std::size_t count) const {
  const std::uint32_t most = found_.answers->policy().answer_limit;
  return most == 0 ? count : std::min<std::size_t>(count, most);
}

// --- Addresses ---

bool ConsulCollector::put_one(const Owner& owner, Family family, Bytes octets) {
  if (octets.size() != octets_of(family)) return false;
  sections_.add(Section::answer,
                {.owner = owner,
                 .type = type_of(family),
                 .ttl = found_.ttl_seconds,
                 .rdata = AddressRdata{.octets = octets, .take = 1}},
                1, address_record_bytes(family));
  return true;
}

bool ConsulCollector::put_addresses(const Owner& owner, Family family) {
  if (found_.kind == ConsulFound::Kind::address) {
    return put_one(owner, family, sections_.keep(found_.asked.address->bytes()));
  }
  if (found_.kind == ConsulFound::Kind::node) {
    const ConsulAddress address = names_.address_of(found_);
    return address.ip && put_one(owner, family, sections_.keep(address.ip->bytes()));
  }
  const std::size_t size = octets_of(family);
  registry::LeaseTime earliest = registry::LeaseTime::max();
  scratch_.found.clear();
  for (const std::uint32_t i : scratch_.live) {
    const Bytes own = place_of(i).addresses[static_cast<std::size_t>(family)];
    if (own.empty()) continue;
    earliest = std::min(earliest, member(i).instance->lease.cached_until(now_));
    for (std::size_t at = 0; at < own.size(); at += size) {
      Scratch::Found& found = scratch_.found.emplace_back();
      std::memcpy(found.address.data(), own.data() + at, size);
      found.weight = weight_of(i);
    }
  }
  if (scratch_.found.empty()) return false;
  scratch_.merge_found(size);
  const std::uint32_t ttl = ttl_of(earliest);
  note_given(ttl);
  const auto take = static_cast<std::uint32_t>(limit(scratch_.weights.size()));
  sections_.add(Section::answer,
                {.owner = owner,
                 .type = type_of(family),
                 .ttl = ttl,
                 .rdata = AddressRdata{scratch_.addresses, scratch_.weights, take, false}},
                take, take * address_record_bytes(family));
  return true;
}

std::optional<ConsulCollector::Alias> ConsulCollector::choose_alias() {
  if (found_.kind == ConsulFound::Kind::node) {
    const ConsulAddress address = names_.address_of(found_);
    if (address.ip || address.host.empty()) return std::nullopt;
    return Alias{sections_.keep(octets(address.host)), found_.ttl_seconds};
  }
  if (found_.answers == nullptr) return std::nullopt;
  std::uint32_t hosts = 0;
  ConsulPlace chosen;
  for (const std::uint32_t i : scratch_.live) {
    const ConsulPlace place = place_of(i);
    if (!place.first.empty()) return std::nullopt;
    if (place.host.empty() && place.host_wire.empty()) continue;
    if (random_.below(++hosts) == 0) chosen = place;  // each of them with the same chance
  }
  if (hosts == 0) return std::nullopt;
  const std::uint32_t ttl = ttl_of_members();
  note_given(ttl);
  if (!chosen.host_wire.empty()) return Alias{sections_.keep(octets(chosen.host_wire)), ttl};
  const std::optional<dns::Name> host = dns::Name::parse(chosen.host);
  if (!host || host->is_root()) return std::nullopt;
  return Alias{sections_.keep(host->wire()), ttl};
}

// --- SRV ---

// The record's RDATA, kept. Empty: there is no such record, or no room.
Bytes ConsulCollector::keep_srv(std::uint32_t position, const ConsulPlace& place, bool is_weightless) {
  std::array<std::uint8_t, limits::k_name_bytes_max> room;
  const Bytes target = names_.write_target(place, found_.zone, room);
  if (target.empty()) return {};
  std::array<std::uint8_t, k_target_in_srv> head{};
  store_u16(head.data(), k_srv_priority);
  store_u16(head.data() + 2, is_weightless ? std::uint16_t{1} : weight_of(position));
  store_u16(head.data() + 4, member(position).instance->port());
  return sections_.keep(head, target);
}

// RFC 2181 §5: an RRset has no repeats. Two instances may have one address and port.
bool ConsulCollector::is_listed(std::size_t first, Bytes rdata) const {
  const std::size_t end = std::min(sections_.list_size(), first + k_repeats_sought);
  for (std::size_t i = first; i < end; ++i) {
    if (std::ranges::equal(sections_.listed(i), rdata)) return true;
  }
  return false;
}

bool ConsulCollector::put_srv(const Owner& owner) {
  std::erase_if(scratch_.live, [&](std::uint32_t i) { return member(i).instance->port() == 0; });
  if (scratch_.live.empty()) return false;
  scratch_.weights.clear();
  for (const std::uint32_t i : scratch_.live) scratch_.weights.push_back(weight_of(i));
  const bool is_weightless = std::ranges::all_of(scratch_.weights, [](std::uint32_t weight) { return weight == 0; });
  const std::uint32_t ttl = ttl_of_members();
  const std::size_t take = limit(scratch_.live.size());
  // What may not fit is put as it lies, so that it is the same each time, and no further than it fits.
  const std::size_t room = sections_.left();
  const std::size_t bytes_max = take * (k_record_head_bytes + k_target_in_srv + limits::k_name_bytes_max);
  bool fits = bytes_max <= room;
  if (!fits) {
    std::size_t bytes = 0;
    std::array<std::uint8_t, limits::k_name_bytes_max> target;
    for (std::size_t n = 0; n < scratch_.live.size() && bytes <= room; ++n) {
      const Bytes name = names_.write_target(place_of(scratch_.live[n]), found_.zone, target);
      bytes += k_record_head_bytes + k_target_in_srv + name.size();
    }
    fits = bytes <= room;
  }
  std::span<const std::uint32_t> order;
  if (fits || take < scratch_.live.size()) {
    order = scratch_.order.draw(std::span<const std::uint32_t>(scratch_.weights), static_cast<std::uint32_t>(take),
                                random_);
  }
  const std::size_t first = sections_.list_size();
  std::size_t bytes = 0;
  scratch_.chosen.clear();
  for (std::size_t n = 0; n < take; ++n) {
    const std::uint32_t position = scratch_.live[order.empty() ? n : order[n]];
    const Bytes rdata = keep_srv(position, place_of(position), is_weightless);
    if (rdata.empty() || is_listed(first, rdata)) continue;
    sections_.list(rdata);
    scratch_.chosen.push_back(position);
    bytes += k_record_head_bytes + rdata.size();
    if (bytes > room) break;  // the encoder cuts here
  }
  const ListedRdata records = sections_.end_list(first);
  if (records.count == 0) return false;
  note_given(ttl);
  sections_.add(Section::answer, {.owner = owner, .type = Type::srv, .ttl = ttl, .rdata = records}, records.count,
                records.count * k_record_head_bytes);
  if (bytes > room) return true;
  for (std::size_t n = 0; n < records.count && targets_ < k_targets_max; ++n) {
    put_target(sections_.listed(first + n).subspan(k_target_in_srv), place_of(scratch_.chosen[n]), ttl);
  }
  return true;
}

// The address of a target beside it, once.
void ConsulCollector::put_target(Bytes target, const ConsulPlace& place, std::uint32_t ttl) {
  if (place.first.empty()) return;
  for (const RRsetRef& set : sections_.of(Section::additional)) {
    if (std::ranges::equal(set.owner.name, target)) return;
  }
  const Family family = place.first.size() == octets_of(Family::v4) ? Family::v4 : Family::v6;
  const Bytes kept = sections_.keep(place.first);
  if (kept.empty()) return;
  ++targets_;
  sections_.add(Section::additional,
                {.owner = {.name = target},
                 .type = type_of(family),
                 .ttl = ttl,
                 .fit = Fit::optional,
                 .rdata = AddressRdata{.octets = kept, .take = 1}},
                1, k_record_fixed_bytes + kept.size());
}

// --- Nodes ---

bool ConsulCollector::put_txt(const Owner& owner) {
  if (found_.kind != ConsulFound::Kind::node || found_.node == nullptr || found_.node->txt.empty()) return false;
  const std::size_t first = sections_.list_size();
  sections_.list(octets(found_.node->txt));
  sections_.add(Section::answer,
                {.owner = owner, .type = Type::txt, .ttl = found_.ttl_seconds, .rdata = sections_.end_list(first)}, 1,
                k_record_head_bytes);
  return true;
}

}  // namespace rollcall::answer
