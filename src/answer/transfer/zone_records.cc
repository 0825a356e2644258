#include "answer/transfer/zone_records.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "answer/roster/service_answers.h"
#include "base/check.h"

namespace rollcall::answer {
namespace {

using dns::Name;
using dns::Type;
using registry::Protocol;

constexpr std::array k_domain_enumerators{"b", "lb"};  // RFC 6763 §11

// `labels` in front of the parent, the first outermost. A name that would be too long is empty, as are all below it.
std::optional<Name> below(const std::optional<Name>& parent, std::string_view label) {
  return parent ? Name::join(label, *parent) : std::nullopt;
}

class ServiceRecords {
 public:
  ServiceRecords(const registry::Service& service, const Zone& zone, const AnswerPolicy& policy)
      : service_(service),
        zone_(zone),
        apex_(zone.records.apex()),
        built_(ServiceAnswers::make(service, apex_, policy)) {}

  RecordSet make() {
    const std::optional<Name> name = below(apex_, service_.service.name);
    put_view(name, answers_.all());
    for (const registry::Instance* instance : service_.instances) put_instance(name, *instance);
    for (const std::string& tag : tags()) {
      if (answers_.find_member(tag) == nullptr) put_view(below(name, tag), *answers_.find_tag(tag));
    }
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      if (const View* view = answers_.find_protocol(protocol)) put_protocol(protocol, *view);
    }
    return RecordSet(std::move(records_));
  }

 private:
  void put(const std::optional<Name>& owner, Type type, std::uint32_t ttl, Bytes rdata) {
    if (owner) records_.push_back(make_wire_record(owner->wire(), type, ttl, rdata));
  }
  void put(const std::optional<Name>& owner, Type type, Bytes rdata) {
    put(owner, type, answers_.policy().ttl_seconds, rdata);
  }
  void put_addresses(const std::optional<Name>& owner, Family family, Bytes all) {
    const std::size_t size = octets_of(family);
    for (std::size_t at = 0; at < all.size(); at += size) {
      put(owner, family == Family::v4 ? Type::a : Type::aaaa, all.subspan(at, size));
    }
  }
  void put_srv(const std::optional<Name>& owner, const Member& member) {
    if (member.instance->port() != 0) put(owner, Type::srv, answers_.srv(member));
  }

  void put_srv(const std::optional<Name>& owner, const View& view, const Member& member) {
    const Bytes octets = answers_.srv(member);
    std::vector<std::uint8_t> shown(octets.begin(), octets.end());
    show_weight(view.is_weightless, shown.data());
    put(owner, Type::srv, shown);
  }

  // `S.Z`, `T.S.Z`.
  void put_view(const std::optional<Name>& owner, const View& view) {
    put_addresses(owner, Family::v4, answers_.octets(view.v4.at, view.v4.count * octets_of(Family::v4)));
    put_addresses(owner, Family::v6, answers_.octets(view.v6.at, view.v6.count * octets_of(Family::v6)));
    for (const std::uint32_t i : answers_.order_of(view)) {
      const Member& member = answers_.member(i);
      put_srv(owner, view, member);
      for (const Type type : {Type::svcb, Type::https}) {
        if (const Bytes rdata = answers_.svcb(member, type); !rdata.empty()) put(owner, type, rdata);
      }
    }
  }

  // `I.S.Z` and `I._S._P.Z`, whatever its status.
  void put_instance(const std::optional<Name>& service_name, const registry::Instance& instance) {
    std::string label(instance.label());
    for (char& c : label) c = static_cast<char>(dns::fold(static_cast<std::uint8_t>(c)));
    const Member* member = answers_.find_member(label);
    check(member != nullptr, "every instance of a service is a member of its answers");
    const std::optional<Name> host = below(service_name, instance.label());
    for (const Family family : {Family::v4, Family::v6})
      put_addresses(host, family, answers_.addresses(*member, family));
    const std::optional<Name> discovered = below(protocol_name(instance.protocol()), instance.label());
    for (const std::optional<Name>& owner : {host, discovered}) {
      put_srv(owner, *member);
      put(owner, Type::txt, answers_.txt(*member));
    }
  }

  // `_S._P.Z`, its subtypes, and its place among the types.
  void put_protocol(Protocol protocol, const View& view) {
    const std::optional<Name> name = protocol_name(protocol);
    for (const std::uint32_t i : answers_.order_of(view)) put_srv(name, view, answers_.member(i));
    put_ptrs(name, name, view, protocol);
    const std::optional<Name> subtypes = below(name, "_sub");
    for (const std::string& tag : tags()) put_ptrs(below(subtypes, "_" + tag), name, *answers_.find_tag(tag), protocol);
    if (view.count == 0 || !name) return;
    const std::optional<Name> types = below(below(below(apex_, "_udp"), "_dns-sd"), "_services");
    put(types, Type::ptr, zone_.policy.ttl_seconds, name->wire());
  }

  void put_ptrs(const std::optional<Name>& owner, const std::optional<Name>& instances, const View& view,
                Protocol protocol) {
    for (const std::uint32_t i : answers_.order_of(view)) {
      const registry::Instance& instance = *answers_.member(i).instance;
      if (instance.protocol() != protocol) continue;
      if (const auto target = below(instances, instance.label())) put(owner, Type::ptr, target->wire());
    }
  }

  std::optional<Name> protocol_name(Protocol protocol) const {
    return below(below(apex_, protocol == Protocol::tcp ? "_tcp" : "_udp"), "_" + service_.service.name);
  }

  std::vector<std::string> tags() const {
    std::vector<std::string> all;
    for (const registry::Instance* instance : service_.instances) {
      for (const std::string_view tag : instance->tags()) {
        if (registry::is_tag_name(tag)) all.emplace_back(tag);
      }
    }
    std::ranges::sort(all);
    const auto repeats = std::ranges::unique(all);
    all.erase(repeats.begin(), repeats.end());
    return all;
  }

  const registry::Service& service_;
  const Zone& zone_;
  const Name& apex_;
  const std::unique_ptr<const ServiceAnswers> built_;
  const ServiceAnswers& answers_ = *built_;
  std::vector<std::string> records_;
};

}  // namespace

RecordSet static_records(const Zone& zone) {
  std::vector<std::string> records;
  std::vector<Name> ours;
  const Name& apex = zone.records.apex();
  if (!zone.is_reverse) {
    const std::optional<Name> discovery = below(below(apex, "_udp"), "_dns-sd");
    for (const char* label : k_domain_enumerators) {
      const std::optional<Name> name = below(discovery, label);
      if (!name || zone.records.find_conflict(*name) != nullptr) continue;  // the zone file names other domains
      records.push_back(make_wire_record(name->wire(), Type::ptr, zone.policy.ttl_seconds, apex.wire()));
    }
    if (const auto types = below(discovery, "_services")) ours.push_back(*types);
  }
  zone.records.for_each_node([&](const Node& node) {
    if (std::ranges::find(ours, node.owner) != ours.end()) return;
    for (const RRset& rrset : node.rrsets) {
      if (rrset.type == Type::soa) continue;
      for (const std::string& rdata : rrset.rdatas) {
        records.push_back(make_wire_record(node.owner.wire(), rrset.type, rrset.ttl, octets(rdata)));
      }
    }
  });
  return RecordSet(std::move(records));
}

RecordSet soa_record(const Zone& zone, dns::Serial serial) {
  const RRset& soa = zone.records.soa();
  std::string rdata = soa.rdatas.front();
  store_u32(reinterpret_cast<std::uint8_t*>(rdata.data()) + rdata.size() - dns::k_soa_serial_from_end, serial);
  return RecordSet({make_wire_record(zone.records.apex().wire(), Type::soa, soa.ttl, octets(rdata))});
}

RecordSet service_records(const registry::Service& service, const Zone& zone, const AnswerPolicy& policy) {
  return ServiceRecords(service, zone, policy).make();
}

RecordSet reverse_records(const registry::Service& service, const dns::Name& service_apex, const ZoneTable& zones,
                          const Zone& reverse_zone) {
  std::vector<std::string> records;
  const std::optional<Name> service_name = below(service_apex, service.service.name);
  for (const registry::Instance* instance : service.instances) {
    const std::optional<Name> target = below(service_name, instance->label());
    if (!target) continue;
    for (const IpAddress& address : instance->addresses()) {
      const std::optional<Name> owner = reverse_zone.reverse ? reverse_zone.reverse->name_of(address) : std::nullopt;
      dns::QuestionName name;
      if (!owner || !name.read(owner->wire()) || zones.find_enclosing(name) != &reverse_zone) continue;
      if (is_told_by_file(reverse_zone, name)) continue;
      records.push_back(make_wire_record(owner->wire(), Type::ptr, reverse_zone.policy.ttl_seconds, target->wire()));
    }
  }
  return RecordSet(std::move(records));
}

}  // namespace rollcall::answer
