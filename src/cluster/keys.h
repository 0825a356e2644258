// The keys of one cluster in the store, and what a key of it stands for. Pure.
//
// Shape    below `/rollcall/<cluster>/`:
//            roll/<zone>/<service>/<label>   a registration; the label is that of the DNS, folded, so that ids which differ in
//                                            case alone meet at one key
//            service/<zone>/<service>        its protocols, and since when it is empty
//            serial/<zone>                   put by every transaction that changes the zone: its version counts the changes
//            last/<node>/<lane>              put and compared by every transaction of a lane: nothing late can be applied
//            node/<name>                     the session of a node; goes with its lease
//            nodes/<name>                    the registered set
//            members                         the fence
//            imported<key>                   what has become of a record that another program keeps at <key> (skydns/)
//            format                          version, base of the indexes, incarnation of this history
//            founding                        while a node makes the cluster: who does (node/founding.h)
//            nothing                         never there: its deletion goes through consensus, and makes no revision
//          Names are folded; a zone has no final dot. A service of other doors than the native one has any name: what
//          is no lower-case letter, digit, hyphen, underscore or dot in it stands as %XX, with upper-case hexadecimal digits.
//          So the key of a label is the label, and no name has two keys.
// Failure  a key that is none of these is `Foreign`: somebody else's, left alone and counted.
// Source   docs/architecture.md, "The leases of a cluster".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "cluster/guarded.h"

namespace rollcall::cluster {

// What a key stands for; views are borrowed from the key.
struct InstancePlace {
  std::string_view zone;
  std::string service;  // the name itself
  std::string_view label;
};
struct ServicePlace {
  std::string_view zone;
  std::string service;
};
struct SerialPlace {
  std::string_view zone;
};
struct LanePlace {
  std::string_view node;
  std::uint32_t lane = 0;
};
struct SessionPlace {
  std::string_view node;
};
struct RegisteredPlace {
  std::string_view node;
};
struct MembersPlace {};
struct FormatPlace {};
struct ImportPlace {
  std::string_view record;  // its key, with the slash it begins with
};
struct Foreign {};
using Place = std::variant<Foreign, InstancePlace, ServicePlace, SerialPlace, LanePlace, SessionPlace, RegisteredPlace,
                           MembersPlace, FormatPlace, ImportPlace>;

// A name of a cluster or of a node: letters, digits, hyphens, at most 63, no hyphen at an end; as a label of the DNS.
[[nodiscard]] bool is_node_name(std::string_view text);

class Keys {
 public:
  // `cluster` is such a name.
  explicit Keys(std::string_view cluster);

  [[nodiscard]] const std::string& all() const { return prefix_; }  // of every key here
  [[nodiscard]] std::string roll() const { return prefix_ + "roll/"; }
  [[nodiscard]] std::string lanes() const { return prefix_ + "last/"; }
  // `service`: 1 to k_door_id_bytes_max octets.
  [[nodiscard]] std::string instance(std::string_view zone, std::string_view service, std::string_view label) const;
  [[nodiscard]] std::string service(std::string_view zone, std::string_view service) const;
  [[nodiscard]] std::string serial(std::string_view zone) const;
  [[nodiscard]] std::string lane(std::string_view node, std::uint32_t lane) const;
  [[nodiscard]] std::string imports() const { return prefix_ + "imported/"; }
  [[nodiscard]] std::string import(std::string_view record) const { return prefix_ + "imported" + std::string(record); }
  [[nodiscard]] std::string serials() const { return prefix_ + "serial/"; }
  [[nodiscard]] std::string founding() const { return prefix_ + "founding"; }
  [[nodiscard]] std::string format() const { return prefix_ + "format"; }
  [[nodiscard]] NodeKeys node(std::string_view name) const;

  [[nodiscard]] Place place_of(std::string_view key) const;

 private:
  std::string prefix_;
};

}  // namespace rollcall::cluster
