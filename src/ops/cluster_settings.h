// Settings of several nodes over etcd, `[cluster]`, and of records that other programs keep in etcd, `[etcd]`.
//
// Shape    values. Files are named, not read: engine_settings.h reads those of etcd.
// Threads  read and checked at start and at a reload; both tables take effect only after a restart.
// Failure  as in settings.h.
// Source   interface.md §5; docs/settings.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace rollcall::ops {

class Section;
struct Settings;

// What the flags --join, --promote and --restored ask for.
struct ClusterStart {
  enum class Entry : std::uint8_t {
    existing,  // enter the cluster of this name; none: start-up fails and the message names --promote
    join,      // the same, said by an operator who wants no new cluster
    promote,   // there is no cluster of this name yet: the roll of this node's database becomes its roll
  };
  Entry entry = Entry::existing;
  bool is_restored = false;  // etcd was restored from a snapshot: raise the base of the indexes
  friend bool operator==(const ClusterStart&, const ClusterStart&) = default;
};

// `[cluster]`, `[cluster.tls]` and `[cluster.etcd_tls]`.
struct ClusterSettings {
  std::string name;               // a label of the DNS, as the node's name (cluster::is_node_name)
  std::string node;               // default: the first label of the host's name
  std::vector<std::string> etcd;  // at least one; host:port, http://host:port or https://host:port, all of one kind
  IpEndpoint peers;               // where this node listens for the others; port 0 takes a free one
  // host:port where the others reach this node; a host name or an address. Empty: `peers` listens on all addresses, and
  // the others are told the address from which this host sends to etcd.
  std::string advertise;
  std::string tls_certificate;  // [cluster.tls]: files, PEM; all three or none
  std::string tls_key;
  std::string tls_ca;
  std::string key_file;  // a secret that all nodes share, instead of [cluster.tls]
  std::string etcd_ca;   // [cluster.etcd_tls]: files, PEM; empty: the system's authorities
  std::string etcd_certificate;
  std::string etcd_key;
  std::string user;  // of etcd; empty: no log-in
  std::string password_file;
  std::chrono::milliseconds stale_for = std::chrono::hours(1);  // without etcd; then the DNS answers SERVFAIL
  std::optional<std::int64_t>
      etcd_quota;               // octets, as etcd's --quota-backend-bytes; empty: etcd says, or its usual one
  bool mirrors_skydns = false;  // write ready instances below [etcd] skydns too, for CoreDNS
  ClusterStart start;           // set by flags
  friend bool operator==(const ClusterSettings&, const ClusterSettings&) = default;
};

// `[etcd]` and `[etcd.tls]`: read records that other programs keep in etcd.
struct EtcdSettings {
  std::vector<std::string> endpoints;  // empty: those of [cluster], with its TLS and its user
  std::string skydns = "/skydns";      // the prefix of the records; no slash at its end
  std::string ca;                      // [etcd.tls]: files, PEM
  std::string certificate;
  std::string key;
  std::string user;
  std::string password_file;
  friend bool operator==(const EtcdSettings&, const EtcdSettings&) = default;
};

// Read [cluster] and [etcd]; an absent table leaves the optional empty. [cluster] comes first: [etcd] may lean on it.
void read_cluster(Section table, bool is_there, Settings& settings);
void read_etcd(Section table, bool is_there, Settings& settings);

// The name of a node on this host where the settings give none: the first label of `host`, folded, with a hyphen for
// each character that no label has. Empty: nothing of it is left.
[[nodiscard]] std::string node_name_of_host(std::string_view host);
// The same of this host; "localhost" where nothing is left.
[[nodiscard]] std::string node_name_of_this_host();

}  // namespace rollcall::ops
