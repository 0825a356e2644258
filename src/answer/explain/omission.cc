#include "answer/explain/omission.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "answer/roster/tls_offer.h"
#include "base/ascii_case.h"
#include "base/counted.h"
#include "dns/rdata.h"
#include "registry/instance/wall_time.h"

namespace rollcall::answer {
namespace {

using dns::Type;
using registry::Instance;
using registry::Status;
using Kind = RosterName::Kind;

bool is_address(Type type) { return type == Type::a || type == Type::aaaa; }

bool has_type(Kind kind, Type type) {
  const bool is_svcb = type == Type::svcb || type == Type::https;
  switch (kind) {
    case Kind::service: return is_address(type) || type == Type::srv || is_svcb;
    case Kind::service_srv: return type == Type::srv || type == Type::ptr;
    case Kind::subtype:
    case Kind::reverse: return type == Type::ptr;
    case Kind::instance: return is_address(type) || type == Type::srv || type == Type::txt;
    case Kind::instance_srv: return type == Type::srv || type == Type::txt;
    default: return false;
  }
}

// What an answer to ANY has one RRset of, when it has none.
Type first_type_of(Kind kind) { return kind == Kind::subtype || kind == Kind::reverse ? Type::ptr : Type::srv; }

// Octets in front of the target in the RDATA of records that name an instance.
std::size_t target_offset(Type type) {
  if (type == Type::srv) return 6;
  return type == Type::ptr ? 0 : 2;
}

std::string fold_text(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = static_cast<char>(dns::fold(static_cast<std::uint8_t>(c)));
  return folded;
}

// The first label of the target, folded.
std::string target_label(const dns::MessageRecord& record) {
  const std::size_t at = target_offset(record.type);
  if (record.rdata.size() <= at) return {};
  return fold_text(std::string_view(record.rdata).substr(at + 1, static_cast<std::uint8_t>(record.rdata[at])));
}

std::string octets_of_address(const IpAddress& address) { return {address.bytes().begin(), address.bytes().end()}; }

class Sorter {
 public:
  Sorter(const Stop& stop, std::span<const dns::MessageRecord> records, const AskedAt& asked)
      : stop_(stop), records_(records), asked_(asked), type_(asked.type) {
    if (type_ == Type::any) type_ = records.empty() ? first_type_of(kind()) : records.front().type;
    find_all();
    find_candidates();
    sorted_.by_record.resize(records.size());
  }

  Sorted sort() {
    for (std::size_t i = 0; i < records_.size(); ++i) match(i);
    for (const Instance* instance : all_) {
      if (answered_.contains(instance)) {
        sorted_.answered.push_back(instance);
      } else {
        sorted_.left_out.push_back(explain(*instance));
      }
    }
    return std::move(sorted_);
  }

 private:
  [[nodiscard]] Kind kind() const { return stop_.found.kind; }
  [[nodiscard]] bool is_about_one() const { return kind() == Kind::instance || kind() == Kind::instance_srv; }
  [[nodiscard]] bool is_by_own_name() const { return is_about_one() || kind() == Kind::reverse; }

  // As it is answered.
  [[nodiscard]] std::string_view label_of(const Instance& instance) const {
    const auto at = labels_.find(&instance);
    return at == labels_.end() ? instance.label() : at->second;
  }

  void find_all() {
    switch (kind()) {
      case Kind::service:
      case Kind::service_srv:
      case Kind::subtype: all_ = stop_.found.answers->instances(); break;
      case Kind::instance:
      case Kind::instance_srv: all_ = {stop_.found.member->instance}; break;
      case Kind::reverse: all_ = stop_.found.reverse->instances(); break;
      default: break;
    }
    if (stop_.found.answers != nullptr) {
      for (const NamedInstance& named : stop_.found.answers->named_instances()) {
        labels_.emplace(named.instance, named.label);
      }
    }
    std::ranges::sort(all_, {}, [](const Instance* instance) -> std::string_view { return instance->key().id; });
    if (stop_.rule == Rule::tag) tag_ = stop_.name.first_label();
    if (stop_.rule == Rule::subtype) tag_ = stop_.name.first_label().substr(1);
  }

  // Whoever could be in the answer, if there were no limit and room enough.
  void find_candidates() {
    for (const Instance* instance : all_) {
      if (why_not_ready(*instance)) continue;
      best_priority_ = std::min(best_priority_, instance->priority());
      ready_.push_back(instance);
    }
    for (const Instance* instance : ready_) {
      if (why_not_chosen(*instance)) continue;
      candidates_.push_back(instance);
      for (const IpAddress& address : instance->addresses()) {
        by_address_[octets_of_address(address)].push_back(instance);
      }
    }
    if (is_address(type_)) return;
    for (const Instance* instance : all_) by_label_.emplace(fold_text(label_of(*instance)), instance);
  }

  void match(std::size_t position) {
    const dns::MessageRecord& record = records_[position];
    std::vector<const Instance*>& found = sorted_.by_record[position];
    if (kind() == Kind::reverse) {
      match_reverse(record, found);
    } else if (is_about_one()) {
      found = all_;
    } else if (is_address(record.type)) {
      const auto at = by_address_.find(record.rdata);
      if (at != by_address_.end()) found = at->second;
    } else if (const auto at = by_label_.find(target_label(record)); at != by_label_.end()) {
      found = {at->second};
    }
    answered_.insert(found.begin(), found.end());
  }

  // Instances of several services may share an address, and their labels.
  void match_reverse(const dns::MessageRecord& record, std::vector<const Instance*>& found) const {
    const auto target = dns::Name::parse_wire(octets(record.rdata));
    if (!target || target->label_count() < 2) return;
    for (const Instance* instance : all_) {
      if (equal_but_for_case(target->first_label(), instance->label()) &&
          equal_but_for_case(target->parent().first_label(), instance->key().service.name)) {
        found.push_back(instance);
      }
    }
  }

  [[nodiscard]] std::optional<Reason> why_not_ready(const Instance& instance) const {
    if (!instance.lease.is_alive(asked_.now)) return Reason::lease_ended;
    if (!is_by_own_name()) {
      if (instance.status == Status::draining) return Reason::draining;
      const bool is_protected = stop_.found.answers != nullptr && stop_.found.answers->is_protected();
      if (instance.status == Status::critical && !is_protected) return Reason::critical;
    }
    const auto is_asked = [this](std::string_view tag) { return equal_but_for_case(tag, tag_); };
    if (!tag_.empty() && std::ranges::none_of(instance.tags(), is_asked)) return Reason::other_tag;
    const bool has_protocol = kind() == Kind::service_srv || kind() == Kind::subtype;
    if (has_protocol && instance.protocol() != stop_.found.protocol) return Reason::other_protocol;
    if (!has_type(kind(), type_)) return Reason::other_type;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Reason> why_not_chosen(const Instance& instance) const {
    const bool is_svcb = type_ == Type::svcb || type_ == Type::https;
    if (is_svcb && !offers_tls(instance, type_)) return Reason::no_tls;
    if (type_ == Type::srv && instance.port() == 0) return Reason::no_port;
    if (!is_address(type_)) return std::nullopt;
    const bool wants_v4 = type_ == Type::a;
    const auto addresses = instance.addresses();
    if (std::ranges::none_of(addresses, [&](const IpAddress& each) { return each.is_v4() == wants_v4; })) {
      return Reason::no_address;
    }
    const bool is_best = is_about_one() || instance.priority() == best_priority_;
    return is_best ? std::nullopt : std::optional(Reason::lower_priority);
  }

  [[nodiscard]] Omission explain(const Instance& instance) const {
    std::optional<Reason> reason = why_not_ready(instance);
    if (!reason) reason = why_not_chosen(instance);
    if (!reason) reason = asked_.is_truncated ? Reason::did_not_fit : Reason::over_answer_limit;
    Omission left_out{.id = std::string(instance.id()),
                      .label = std::string(label_of(instance)),
                      .status = instance.status,
                      .reason = *reason,
                      .since = since_when(instance, *reason, asked_),
                      .detail = {}};
    left_out.detail = detail(instance, left_out);
    return left_out;
  }

  [[nodiscard]] std::string detail(const Instance& instance, const Omission& left_out) const {
    const std::string since = left_out.since ? " since " + registry::format_wall_time(*left_out.since) : std::string();
    switch (left_out.reason) {
      case Reason::lease_ended:
        return left_out.since ? "its lease ended at " + registry::format_wall_time(*left_out.since)
                              : "its lease has ended";
      case Reason::draining:
        return "draining" + since + (instance.is_critical() ? ", and its check says no" + output_of(instance) : "");
      case Reason::critical: return "critical" + since + output_of(instance);
      case Reason::not_passing:
      case Reason::other_meta: break;  // of Consul's names (consul_omission.h)
      case Reason::other_tag: return fmt::format("it has not the tag {}", tag_);
      case Reason::other_protocol:
        return fmt::format("it is registered for {}", registry::to_text(instance.protocol()));
      case Reason::other_type: return fmt::format("names of this kind have no {} records", dns::type_text(type_));
      case Reason::no_address: return fmt::format("it has no {} address", type_ == Type::a ? "IPv4" : "IPv6");
      case Reason::no_port: return "it is registered without a port";
      case Reason::no_tls:
        return fmt::format("its meta.alpn names nothing that a {} instance speaks over TLS{}",
                           registry::to_text(instance.protocol()), type_ == Type::https ? ": h2, h3 or http/1.1" : "");
      case Reason::lower_priority: return lower_priority(instance.priority());
      case Reason::over_answer_limit:
        return fmt::format("an answer has {} of what {} instances have to offer, drawn anew each time",
                           stop_.found.answers->policy().answer_limit, candidates_.size());
      case Reason::did_not_fit: return "a message holds no more records, not even over TCP";
    }
    return {};
  }

  [[nodiscard]] std::string lower_priority(std::uint16_t own) const {
    const auto best =
        std::ranges::count_if(ready_, [&](const Instance* instance) { return instance->priority() == best_priority_; });
    return fmt::format("its priority is {}, and {} ready with the better {}", own,
                       counted(best, "instance is", "instances are"), best_priority_);
  }

  const Stop& stop_;
  const std::span<const dns::MessageRecord> records_;
  const AskedAt& asked_;
  Type type_;
  std::string tag_;  // empty: any
  std::uint16_t best_priority_ = 0xffff;
  std::vector<const Instance*> all_;
  std::unordered_map<const Instance*, std::string_view> labels_;
  std::vector<const Instance*> ready_;       // and of the tag and the protocol
  std::vector<const Instance*> candidates_;  // and with what is asked for
  std::map<std::string, std::vector<const Instance*>> by_address_;
  std::unordered_map<std::string, const Instance*> by_label_;
  std::unordered_set<const Instance*> answered_;
  Sorted sorted_;
};

}  // namespace

std::optional<registry::WallTime> since_when(const registry::Instance& instance, Reason reason, const AskedAt& asked) {
  if (reason == Reason::draining || reason == Reason::critical) return instance.status_since();
  if (reason != Reason::lease_ended || instance.lease.expires_at() == registry::LeaseTime{}) return std::nullopt;
  const auto ago = asked.now - instance.lease.expires_at();
  return asked.wall_now - std::chrono::duration_cast<std::chrono::milliseconds>(ago);
}

std::string output_of(const registry::Instance& instance) {
  return instance.check_output().empty() ? std::string() : ": " + std::string(instance.check_output());
}

std::string_view to_text(Reason reason) {
  switch (reason) {
    case Reason::lease_ended: return "lease_ended";
    case Reason::draining: return "draining";
    case Reason::critical: return "critical";
    case Reason::not_passing: return "not_passing";
    case Reason::other_meta: return "other_meta";
    case Reason::other_tag: return "other_tag";
    case Reason::other_protocol: return "other_protocol";
    case Reason::other_type: return "other_type";
    case Reason::no_address: return "no_address";
    case Reason::no_port: return "no_port";
    case Reason::no_tls: return "no_tls";
    case Reason::lower_priority: return "lower_priority";
    case Reason::over_answer_limit: return "over_answer_limit";
    case Reason::did_not_fit: return "did_not_fit";
  }
  return "";
}

Sorted sort_instances(const Stop& stop, std::span<const dns::MessageRecord> records, const AskedAt& asked) {
  return Sorter(stop, records, asked).sort();
}

}  // namespace rollcall::answer
