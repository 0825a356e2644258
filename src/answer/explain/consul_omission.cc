#include "answer/explain/consul_omission.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "answer/consul/consul_names.h"
#include "base/ascii_case.h"
#include "dns/rdata.h"
#include "health/check_result.h"
#include "registry/instance/wall_time.h"

namespace rollcall::answer {
namespace {

using dns::Type;
using registry::Instance;

constexpr std::size_t k_port_in_srv = 4;  // behind priority and weight

// What its record has besides the weight: the address, the target and the port, or the alias.
struct Place {
  ConsulPlace at;
  std::string srv;
  std::string host;
};

class ConsulSorter {
 public:
  ConsulSorter(const ConsulNames& names, const ConsulFound& found, std::span<const dns::MessageRecord> records,
               const AskedAt& asked)
      : names_(names), found_(found), records_(records), asked_(asked), type_(asked.type) {
    if (type_ == Type::any) type_ = records.empty() ? Type::a : records.front().type;
  }

  Sorted sort() {
    sorted_.by_record.resize(records_.size());
    std::vector<const Member*> members;
    for (const Member& member : found_.answers->members()) members.push_back(&member);
    std::ranges::sort(members, {}, [](const Member* member) { return member->instance->id(); });
    for (const Member* member : members) sort_one(*member);
    return std::move(sorted_);
  }

 private:
  void sort_one(const Member& member) {
    const Instance& instance = *member.instance;
    const ConsulOmission omission = names_.find_omission(found_, instance, asked_.now);
    const Place place = place_of(member);
    if (omission == ConsulOmission::none && match(place, instance)) {
      sorted_.answered.push_back(&instance);
      return;
    }
    const Reason reason = omission == ConsulOmission::none ? why_not_chosen(place, instance) : reason_of(omission);
    Omission left_out{.id = std::string(instance.id()),
                      .label = std::string(instance.label()),
                      .status = instance.status,
                      .reason = reason,
                      .since = since_when(instance, reason, asked_),
                      .detail = {}};
    left_out.detail = detail(instance, left_out);
    sorted_.left_out.push_back(std::move(left_out));
  }

  [[nodiscard]] Place place_of(const Member& member) const {
    const ServiceFacts* service = names_.find_facts(*found_.answers);
    Place place{.at = names_.place_of(*found_.answers, member,
                                      service == nullptr ? nullptr : service->find(member.instance->id())),
                .srv = {},
                .host = {}};
    std::array<std::uint8_t, limits::k_name_bytes_max> room;
    const Bytes target = names_.write_target(place.at, found_.zone, room);
    place.srv = {static_cast<char>(member.instance->port() >> 8), static_cast<char>(member.instance->port() & 0xff)};
    place.srv += text_of(target);
    if (place.at.first.empty()) place.host = text_of(target);
    return place;
  }

  // Puts it to its records. False: it is in none.
  bool match(const Place& place, const Instance& instance) {
    bool is_in = false;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (!matches(records_[i], place)) continue;
      sorted_.by_record[i].push_back(&instance);
      is_in = true;
    }
    return is_in;
  }

  [[nodiscard]] static bool matches(const dns::MessageRecord& record, const Place& place) {
    switch (record.type) {
      case Type::a: return holds(place.at.addresses[static_cast<std::size_t>(Family::v4)], record.rdata);
      case Type::aaaa: return holds(place.at.addresses[static_cast<std::size_t>(Family::v6)], record.rdata);
      case Type::srv: return equal_but_for_case(std::string_view(record.rdata).substr(k_port_in_srv), place.srv);
      case Type::cname: return !place.host.empty() && equal_but_for_case(record.rdata, place.host);
      default: return false;
    }
  }

  [[nodiscard]] static bool holds(Bytes addresses, std::string_view address) {
    for (std::size_t at = 0; at + address.size() <= addresses.size(); at += address.size()) {
      if (text_of(addresses.subspan(at, address.size())) == address) return true;
    }
    return false;
  }

  [[nodiscard]] static Reason reason_of(ConsulOmission omission) {
    switch (omission) {
      case ConsulOmission::lease_ended: return Reason::lease_ended;
      case ConsulOmission::draining: return Reason::draining;
      case ConsulOmission::critical: return Reason::critical;
      case ConsulOmission::not_passing: return Reason::not_passing;
      case ConsulOmission::other_tag: return Reason::other_tag;
      case ConsulOmission::other_meta:
      case ConsulOmission::none: return Reason::other_meta;
    }
    return Reason::other_meta;
  }

  [[nodiscard]] Reason why_not_chosen(const Place& place, const Instance& instance) const {
    if (type_ != Type::a && type_ != Type::aaaa && type_ != Type::srv) return Reason::other_type;
    if (type_ == Type::srv && instance.port() == 0) return Reason::no_port;
    const Family family = type_ == Type::a ? Family::v4 : Family::v6;
    const bool has_alias = !records_.empty() && records_.front().type == Type::cname && !place.host.empty();
    if (type_ != Type::srv && place.at.addresses[static_cast<std::size_t>(family)].empty() && !has_alias) {
      return Reason::no_address;
    }
    return asked_.is_truncated ? Reason::did_not_fit : Reason::over_answer_limit;
  }

  [[nodiscard]] std::string detail(const Instance& instance, const Omission& left_out) const {
    const std::string since = left_out.since ? " since " + registry::format_wall_time(*left_out.since) : std::string();
    switch (left_out.reason) {
      case Reason::lease_ended:
        if (instance.lease_kind() == registry::LeaseKind::turns_critical) {
          return fmt::format("its check {} has not been heard of in time{}", instance.lease_check(), since);
        }
        return "its lease has ended" + since;
      case Reason::draining: return "draining" + since;
      case Reason::critical: return "critical" + since + output_of(instance);
      case Reason::not_passing: return "a check of it warns, and only those that pass are answered";
      case Reason::other_tag: return "it has not the tag that is asked for";
      case Reason::other_meta: return "it has not the meta that the query asks for";
      case Reason::other_type: return fmt::format("names of this kind have no {} records", dns::type_text(type_));
      case Reason::no_address: return fmt::format("it has no {} address", type_ == Type::a ? "IPv4" : "IPv6");
      case Reason::no_port: return "it is registered without a port";
      case Reason::did_not_fit: return "a message holds no more records, not even over TCP";
      default: return "an answer has a part of all instances, drawn anew each time";
    }
  }

  const ConsulNames& names_;
  const ConsulFound& found_;
  const std::span<const dns::MessageRecord> records_;
  const AskedAt& asked_;
  Type type_;
  Sorted sorted_;
};

}  // namespace

Sorted sort_consul_instances(const Stop& stop, std::span<const dns::MessageRecord> records, const AskedAt& asked) {
  dns::QuestionName name;
  Sorted nobody;
  nobody.by_record.resize(records.size());
  if (!name.read(stop.name.wire())) return nobody;
  const ConsulNames& names = *stop.zone->consul;
  const ConsulFound found = names.find(*stop.zone, name, asked.now);
  if (found.answers == nullptr) return nobody;
  return ConsulSorter(names, found, records, asked).sort();
}

}  // namespace rollcall::answer
