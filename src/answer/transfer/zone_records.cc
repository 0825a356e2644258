#include "answer/transfer/zone_records.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "answer/roster/member_labels.h"
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
  ServiceRecords(const registry::Service& service, std::string_view label, const Zone& zone, const AnswerPolicy& policy)
      : zone_(zone), apex_(zone.records.apex()), built_(ServiceAnswers::make(service, label, apex_, policy)) {}

  RecordSet make() {
    const std::optional<Name> name = below(apex_, answers_.key().name);
    put_view(name, answers_.all());
    for (const Member& member : answers_.members()) put_instance(name, member);
    answers_.for_each_tag([&](std::string_view tag, const View& view) {
      if (answers_.find_member(tag) == nullptr) put_view(below(name, tag), view);
    });
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
  void put_instance(const std::optional<Name>& service_name, const Member& member) {
    const std::string_view label = answers_.label_of(member);
    const std::optional<Name> host = below(service_name, label);
    for (const Family family : {Family::v4, Family::v6})
      put_addresses(host, family, answers_.addresses(member, family));
    const std::optional<Name> discovered = below(protocol_name(member.instance->protocol()), label);
    for (const std::optional<Name>& owner : {host, discovered}) {
      put_srv(owner, member);
      put(owner, Type::txt, answers_.txt(member));
    }
  }

  // `_S._P.Z`, its subtypes, and its place among the types.
  void put_protocol(Protocol protocol, const View& view) {
    const std::optional<Name> name = protocol_name(protocol);
    for (const std::uint32_t i : answers_.order_of(view)) put_srv(name, view, answers_.member(i));
    put_ptrs(name, name, view, protocol);
    const std::optional<Name> subtypes = below(name, "_sub");
    answers_.for_each_tag([&](std::string_view tag, const View& tagged) {
      put_ptrs(below(subtypes, "_" + std::string(tag)), name, tagged, protocol);
    });
    if (view.count == 0 || !name) return;
    const std::optional<Name> types = below(below(below(apex_, "_udp"), "_dns-sd"), "_services");
    put(types, Type::ptr, zone_.policy.ttl_seconds, name->wire());
  }

  void put_ptrs(const std::optional<Name>& owner, const std::optional<Name>& instances, const View& view,
                Protocol protocol) {
    for (const std::uint32_t i : answers_.order_of(view)) {
      const Member& member = answers_.member(i);
      if (member.instance->protocol() != protocol) continue;
      if (const auto target = below(instances, answers_.label_of(member))) put(owner, Type::ptr, target->wire());
    }
  }

  std::optional<Name> protocol_name(Protocol protocol) const {
    return below(below(apex_, protocol == Protocol::tcp ? "_tcp" : "_udp"), "_" + std::string(answers_.key().name));
  }

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

RecordSet service_records(const registry::Service& service, std::string_view label, const Zone& zone,
                          const AnswerPolicy& policy) {
  return ServiceRecords(service, label, zone, policy).make();
}

RecordSet reverse_records(const registry::Service& service, std::string_view label, const dns::Name& service_apex,
                          const ZoneTable& zones, const Zone& reverse_zone) {
  std::vector<std::string> records;
  const std::optional<Name> service_name = below(service_apex, label);
  const MemberLabels labels(service);
  for (const registry::Instance* instance : service.instances) {
    const std::optional<Name> target = below(service_name, labels.of(*instance));
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
