#include "ops/cluster_settings.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "base/limits.h"
#include "cluster/keys.h"
#include "ops/settings.h"
#include "ops/settings_values.h"
#include "ops/toml_section.h"

namespace rollcall::ops {
namespace {

constexpr std::string_view k_tls_scheme = "https://";
constexpr std::string_view k_plain_scheme = "http://";
constexpr std::int64_t k_quota_min = std::int64_t{16} << 20;  // of etcd's database; nothing useful has less
constexpr std::int64_t k_quota_max = std::int64_t{1} << 42;

std::string host_name() {
  std::array<char, limits::k_identity_bytes_max + 1> host{};
  if (gethostname(host.data(), limits::k_identity_bytes_max) != 0) return {};
  return host.data();
}

Result<std::string> parse_node_name(std::string_view text) {
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (cluster::is_node_name(folded)) return folded;
  return failure(
      Errc::start_up,
      fmt::format(R"("{}" is not a label; write 1 to 63 letters, digits and inner hyphens, as "rollcall-1")", text));
}

// host:port; the host may be a name, an address, or an IPv6 address in brackets.
bool is_host_and_port(std::string_view text) {
  if (const auto endpoint = IpEndpoint::parse(text)) {
    return endpoint->port != 0 && !endpoint->address.is_unspecified() && !endpoint->address.is_multicast();
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 && port.front() != '0' &&
                         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_number && std::stoul(std::string(port)) <= 65'535 && !host.empty() &&
         host.find_first_of(":/[]@ ") == std::string_view::npos && dns::Name::parse(host).has_value();
}

Result<std::string> parse_advertised(std::string_view text) {
  if (is_host_and_port(text)) return std::string(text);
  return failure(Errc::start_up,
                 fmt::format(R"("{}" is not where other nodes reach this one; write its address or name )"
                             R"(and its port, as "10.0.0.11:8601")",
                             text));
}

Result<std::string> parse_etcd_endpoint(std::string_view text) {
  std::string_view address = text;
  for (const std::string_view scheme : {k_tls_scheme, k_plain_scheme}) {
    if (text.starts_with(scheme)) address = text.substr(scheme.size());
  }
  while (address.ends_with('/')) address.remove_suffix(1);
  if (is_host_and_port(address)) return std::string(text);
  return failure(Errc::start_up,
                 fmt::format(R"("{}" is no endpoint of etcd; write one as "https://10.0.0.11:2379")", text));
}

Result<std::string> parse_prefix_of_keys(std::string_view text) {
  std::string_view prefix = text;
  while (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool is_plain = std::ranges::all_of(prefix, [](char c) { return c > ' ' && c < '\x7f'; });
  if (prefix.size() > 1 && prefix.front() == '/' && is_plain && prefix.size() <= limits::k_etcd_prefix_bytes_max) {
    return std::string(prefix);
  }
  return failure(Errc::start_up, fmt::format(R"("{}" is no prefix of keys; write one as "/skydns")", text));
}

Result<IpEndpoint> parse_peers(std::string_view text) { return parse_listen(text, {}); }

Result<std::string> parse_user(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return failure(Errc::start_up, "must be the name of a user of etcd; leave it out where etcd asks for none");
}

std::string path_of(Section& table, std::string_view key) {
  return table.text(key, parse_path).value_or(std::string());
}

// The certificate and the private key of a client come together.
void read_pair(Section& tls, std::string& certificate, std::string& key) {
  certificate = path_of(tls, "certificate");
  key = path_of(tls, "key");
  if (tls.has("certificate") && !tls.has("key")) {
    tls.complain("certificate", R"(needs its private key; write key = "FILE", in PEM)");
  }
  if (tls.has("key") && !tls.has("certificate")) {
    tls.complain("key", R"(needs its certificate; write certificate = "FILE", in PEM)");
  }
}

// The settings of a connection to etcd, which [cluster] and [etcd] share.
struct Etcd {
  std::vector<std::string>& endpoints;
  std::string &ca, &certificate, &key, &user, &password_file;
};

void read_engine(Section& table, std::string_view endpoints_key, std::string_view tls_key, Etcd to) {
  if (auto endpoints = table.texts(endpoints_key, limits::k_etcd_endpoints_max, parse_etcd_endpoint)) {
    to.endpoints = std::move(*endpoints);
  }
  const auto is_tls = [](const std::string& endpoint) { return endpoint.starts_with(k_tls_scheme); };
  const bool uses_tls = std::ranges::any_of(to.endpoints, is_tls);
  if (uses_tls && !std::ranges::all_of(to.endpoints, is_tls)) {
    table.complain(endpoints_key, "must all be https://, or none of them");
  }
  Section tls = table.table(tls_key);
  to.ca = path_of(tls, "ca");
  read_pair(tls, to.certificate, to.key);
  if (!to.endpoints.empty() && !uses_tls) {
    for (const char* key : {"ca", "certificate"}) {
      if (tls.has(key)) tls.complain(key, "is for endpoints that begin with https://, and none does");
    }
  }
  tls.finish();
  if (auto user = table.text("user", parse_user)) to.user = std::move(*user);
  to.password_file = path_of(table, "password_file");
  if (table.has("user") && !table.has("password_file")) {
    table.complain("user", R"(needs a password; write it to a file, and password_file = "FILE")");
  }
  if (table.has("password_file") && !table.has("user")) {
    table.complain("password_file", R"(is the password of a user of etcd; write user = "NAME" too)");
  }
}

// Returns whether the table says anything.
bool read_peers_tls(Section tls, ClusterSettings& cluster) {
  read_pair(tls, cluster.tls_certificate, cluster.tls_key);
  cluster.tls_ca = path_of(tls, "ca");
  if (tls.has("certificate") && !tls.has("ca")) {
    tls.complain("certificate", R"(proves this node; write ca = "FILE" too, in PEM, who signs those of all nodes)");
  }
  if (tls.has("ca") && !tls.has("certificate")) {
    tls.complain("ca", "is who signs the certificates of all nodes; write certificate and key of this one too");
  }
  tls.finish();
  return tls.has("certificate") || tls.has("key") || tls.has("ca");
}

void read_names(Section& table, ClusterSettings& cluster) {
  cluster.name = table.text("name", parse_node_name).value_or(std::string());
  if (!table.has("name")) table.complain("name", R"(missing; nodes of one cluster share it, as name = "prod")");
  cluster.node = table.text("node", parse_node_name).value_or(std::string());
  if (!table.has("node")) {
    cluster.node = node_name_of_host(host_name());
    if (cluster.node.empty()) table.complain("node", R"(missing; this host has no name, write node = "rollcall-1")");
  }
}

// Where the others reach this node, and how they prove that they are of the cluster.
void read_peers(Section& table, ClusterSettings& cluster) {
  const auto peers = table.text("peers", parse_peers);
  if (!table.has("peers"))
    table.complain("peers", R"(missing; nodes hear each other there, as peers = "0.0.0.0:8601")");
  cluster.peers = peers.value_or(IpEndpoint{});
  if (auto advertised = table.text("advertise", parse_advertised)) {
    cluster.advertise = std::move(*advertised);
  } else if (peers && !peers->address.is_unspecified() && peers->port != 0) {
    cluster.advertise = peers->text();
  }
  const bool has_tls = read_peers_tls(table.table("tls"), cluster);
  cluster.key_file = path_of(table, "key_file");
  if (!cluster.key_file.empty() && has_tls) {
    table.complain("key_file", "leave it out: the nodes prove themselves by [cluster.tls] already");
  }
  if (peers && !peers->address.is_loopback() && !has_tls && !table.has("key_file")) {
    table.complain("peers",
                   "can be reached from other hosts, so nodes must prove who they are; write [cluster.tls], or "
                   R"(key_file = "FILE" with a secret that all nodes share)");
  }
}

}  // namespace

std::string node_name_of_host(std::string_view host) {
  std::string label(host.substr(0, std::min(host.find('.'), limits::k_label_bytes_max)));
  for (char& c : label) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  }
  while (label.starts_with('-')) label.erase(0, 1);
  while (label.ends_with('-')) label.pop_back();
  return label;
}

std::string node_name_of_this_host() {
  std::string name = node_name_of_host(host_name());
  return name.empty() ? "localhost" : name;
}

void read_cluster(Section table, bool is_there, Settings& settings) {
  if (!is_there) return;
  ClusterSettings cluster;
  read_names(table, cluster);
  read_engine(
      table, "etcd", "etcd_tls",
      {cluster.etcd, cluster.etcd_ca, cluster.etcd_certificate, cluster.etcd_key, cluster.user, cluster.password_file});
  if (!table.has("etcd")) table.complain("etcd", R"(missing; write etcd = ["https://10.0.0.11:2379"])");
  if (table.has("etcd") && cluster.etcd.empty()) {
    table.complain("etcd", R"(must have at least one endpoint, as ["https://10.0.0.11:2379"])");
  }
  read_peers(table, cluster);
  if (const auto stale_for = table.duration("stale_for", std::chrono::milliseconds(0), limits::k_stale_for_max)) {
    cluster.stale_for = *stale_for;
  }
  cluster.etcd_quota = table.integer("etcd_quota", k_quota_min, k_quota_max);
  cluster.mirrors_skydns = table.boolean("mirror_skydns").value_or(cluster.mirrors_skydns);
  table.finish();
  settings.cluster = std::move(cluster);
}

void read_etcd(Section table, bool is_there, Settings& settings) {
  if (!is_there) return;
  EtcdSettings etcd;
  read_engine(table, "endpoints", "tls",
              {etcd.endpoints, etcd.ca, etcd.certificate, etcd.key, etcd.user, etcd.password_file});
  if (auto skydns = table.text("skydns", parse_prefix_of_keys)) etcd.skydns = std::move(*skydns);
  if (!settings.cluster && !table.has("endpoints")) {
    table.complain("endpoints", R"(missing; write endpoints = ["https://10.0.0.11:2379"])");
  }
  if (settings.cluster && etcd.endpoints.empty()) {
    for (const char* key : {"tls", "user"}) {
      if (table.has(key))
        table.complain(key, "is for endpoints; without them, those of [cluster] are asked as it says");
    }
  }
  table.finish();
  if (settings.cluster || !etcd.endpoints.empty()) settings.etcd = std::move(etcd);
}

}  // namespace rollcall::ops
