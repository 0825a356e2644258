// What a name below Consul's domain asks for, read from its labels alone.
//
//   web.service · v1.web.service · _web._tcp.service · _web._tcp          a service, with a tag
//   n1.node                                                               a node
//   c0000201.addr                                                         an address, in 8 or 32 hex digits
//   q.query · _q._tcp.query                                               a prepared query
//
// Shape    each of them also with a datacenter behind it: `web.service.dc1`, `web.service.dc1.dc`. A datacenter may have
//          several labels, as its zone's name has. Texts borrow the question's name: folded, and in wire form where a name
//          of a node, a tag or a query may have several labels: each label with its length in front.
// Threads  immutable; pure.
// Source   docs/consul-dns.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "dns/name.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

struct ConsulQuestion {
  enum class Kind : std::uint8_t {
    nothing,  // no such name: NXDOMAIN
    empty,    // a name that others are below: NODATA (RFC 8020 §2)
    service,
    node,
    address,
    query,
  };
  Kind kind = Kind::nothing;
  registry::ZoneId zone{};      // of the datacenter
  std::string_view name = {};   // service: its label · node, query: labels in wire form
  std::string_view tags = {};   // labels in wire form; empty: any
  bool is_rfc2782 = false;      // `_web._tcp`: the tag is one label without its underscore, and `tcp` is any
  bool may_have_below = false;  // where there is no such service or query, the name is an empty one: `_tcp.service`
  std::optional<IpAddress> address = {};
};

class ConsulDatacenters {
 public:
  // By ZoneId; the first is where names without a datacenter are looked for. Empty: the zone is none.
  explicit ConsulDatacenters(const std::vector<std::optional<dns::Name>>& names);

  // `own_labels`: how many of the name are in front of the domain.
  [[nodiscard]] ConsulQuestion parse(const dns::QuestionName& name, std::size_t own_labels) const;

 private:
  struct Datacenter {
    std::string labels;  // wire form, folded, without the root
    std::size_t count = 0;
    registry::ZoneId zone{};
  };
  // Whether the labels of the name in front of `end` end in this datacenter; `end` is where it begins then.
  [[nodiscard]] static bool ends_in(const Datacenter& datacenter, const dns::QuestionName& name, std::size_t& end);
  // With a datacenter behind it, if any.
  [[nodiscard]] ConsulQuestion parse_in_datacenter(const dns::QuestionName& name, std::size_t end) const;

  std::vector<Datacenter> all_;  // the longest first
};

}  // namespace rollcall::answer
