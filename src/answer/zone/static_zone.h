// The records of one zone file, held for look-ups: RFC 1034 §4.3.2 step 3 with the wildcards of RFC 4592, the empty
// non-terminals of RFC 8020, CNAME, DNAME and delegations.
//
// Owner    a StaticZone owns its nodes; what `look_up` returns borrows from it and from the name asked for.
// Threads  immutable after `build`: any thread reads. `look_up` allocates nothing.
// Failure  `build` refuses what no server may load, in one sentence naming the owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answer/zone/found.h"
#include "base/result.h"
#include "dns/name.h"
#include "dns/types.h"
#include "dns/zone_file.h"

namespace rollcall::answer {

struct RRset {
  dns::Type type = dns::Type::none;
  std::uint32_t ttl = 0;            // the least of its records' (RFC 2181 §5.2)
  std::vector<std::string> rdatas;  // wire form, nothing compressed; no repeats (RFC 2181 §5)
};

// One owner name, or an empty non-terminal (no RRsets).
struct Node {
  dns::Name owner;
  std::vector<RRset> rrsets;  // sorted by type
  [[nodiscard]] const RRset* find(dns::Type type) const;
};

struct StaticAnswer {
  Found found = Found::nxdomain;
  // hit: the RRset asked for (null for type ANY: take the node's) · alias: the CNAME · redirect: the DNAME ·
  // delegation: the NS set of the cut · nodata, nxdomain: null.
  const RRset* rrset = nullptr;
  // hit, nodata, alias: where it stands, the wildcard's node when `wildcard` · redirect, delegation: the DNAME's owner,
  // the cut · nxdomain: null.
  const Node* node = nullptr;
  bool wildcard = false;  // synthesised: the owner in the answer is the name asked for (RFC 4592 §3.3.1)
};

class StaticZone {
 public:
  // Refused: no or two SOA records, SOA not at the apex, no NS at the apex, an owner outside the zone, CNAME beside
  // other data or two CNAMEs (RFC 2181 §10.1; beside it may stand RRSIG and NSEC, RFC 4035 §2.5), two DNAMEs or data
  // below a DNAME (RFC 6672 §2.4), NS beside a DNAME below the apex (RFC 6672 §2.3), NS, DNAME or SOA at a wildcard
  // (RFC 4592 §4.2-4.4).
  [[nodiscard]] static Result<StaticZone> build(dns::ZoneFile file);
  // Reads and builds; every message begins with the file's name.
  [[nodiscard]] static Result<StaticZone> load(const std::filesystem::path& file, const dns::Name& apex);

  [[nodiscard]] const dns::Name& apex() const { return apex_; }
  [[nodiscard]] const RRset& soa() const { return *soa_; }
  // TTL of negative answers: min(SOA TTL, MINIMUM) (RFC 2308 §3).
  [[nodiscard]] std::uint32_t negative_ttl() const { return negative_ttl_; }
  [[nodiscard]] std::uint32_t serial() const;
  [[nodiscard]] std::uint32_t expire_seconds() const;  // the SOA's: for how long a secondary may go on without us

  // The name must be at or below the apex. At a cut itself, DS is answered by this side (RFC 4035 §3.1.4.1).
  [[nodiscard]] StaticAnswer look_up(const dns::QuestionName& qname, dns::Type qtype) const;

  // The node of exactly this name, without wildcards, cuts and aliases: for additional records and glue. The name is
  // folded wire form (Name::folded_wire, QuestionName::suffix).
  [[nodiscard]] const Node* find(std::string_view folded_wire) const;

  // Why the roll may not have `name`: its node, if it has records, or a cut or DNAME above it. Null: nothing stands in the
  // way. Names of the file that are only below it do not, and wildcards do not: a name of the roll is closer. For the
  // writer; it may allocate.
  [[nodiscard]] const Node* find_conflict(const dns::Name& name) const;

  // Whether any name is two labels or more below the apex: where a name could be below a service's.
  [[nodiscard]] bool has_names_below_others() const { return has_names_below_others_; }

  // Every node, in no order; for the writer.
  template <class F>
  void for_each_node(F&& visit) const {
    for (const auto& [key, node] : nodes_) visit(*node);
  }

  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  struct FoldedHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view folded) const noexcept;
  };

  StaticZone() = default;
  Node& put_node(const dns::Name& owner);
  [[nodiscard]] StaticAnswer look_up_wildcard(std::string_view encloser_wire, dns::Type qtype) const;

  dns::Name apex_;
  std::size_t apex_labels_ = 0;
  bool has_names_below_others_ = false;
  const RRset* soa_ = nullptr;
  std::uint32_t negative_ttl_ = 0;
  // By folded wire form; pointers to nodes stay valid when the zone is moved.
  std::unordered_map<std::string, std::unique_ptr<Node>, FoldedHash, std::equal_to<>> nodes_;
};

}  // namespace rollcall::answer
