// [cluster] and [etcd] in a settings file, and the connection to etcd that comes of them.
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"
#include "ops/engine_settings.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

const std::string k_least_cluster =
    "[cluster]\nname = \"prod\"\nnode = \"rollcall-1\"\netcd = [\"10.0.0.11:2379\"]\npeers = \"127.0.0.1:8601\"\n";

// A directory with files for one test.
class ClusterFiles {
 public:
  ClusterFiles() {
    std::string name = std::filesystem::temp_directory_path() / "rollcall-engine-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  ~ClusterFiles() { std::filesystem::remove_all(directory_); }
  ClusterFiles(const ClusterFiles&) = delete;
  ClusterFiles& operator=(const ClusterFiles&) = delete;

  std::string put(const std::string& name, const std::string& text) const {
    const std::string path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }

 private:
  std::filesystem::path directory_;
};

TEST_CASE("cluster: without the tables there is one node and no etcd") {
  const Settings settings = settings_of("");
  CHECK_FALSE(settings.cluster);
  CHECK_FALSE(settings.etcd);
}

TEST_CASE("cluster: all of its settings") {
  const ClusterSettings cluster = *settings_of(R"(
[cluster]
name = "Prod"
node = "rollcall-1"
etcd = ["https://10.0.0.11:2379", "https://etcd-2.example.net:2379", "https://[2001:db8::1]:2379"]
peers = "0.0.0.0:8601"
advertise = "rollcall-1.example.net:18601"
user = "rollcall"
password_file = "password"
stale_for = "30m"
etcd_quota = 8589934592
mirror_skydns = true
[cluster.tls]
certificate = "node.pem"
key = "node.key"
ca = "nodes.pem"
[cluster.etcd_tls]
ca = "etcd.pem"
certificate = "client.pem"
key = "client.key"
)")
                                       .cluster;
  CHECK(cluster.name == "prod");
  CHECK(cluster.node == "rollcall-1");
  CHECK(cluster.etcd.size() == 3);
  CHECK(cluster.peers == *IpEndpoint::parse("0.0.0.0:8601"));
  CHECK(cluster.advertise == "rollcall-1.example.net:18601");
  CHECK(cluster.tls_certificate == "node.pem");
  CHECK(cluster.tls_key == "node.key");
  CHECK(cluster.tls_ca == "nodes.pem");
  CHECK(cluster.key_file.empty());
  CHECK(cluster.etcd_ca == "etcd.pem");
  CHECK(cluster.etcd_certificate == "client.pem");
  CHECK(cluster.etcd_key == "client.key");
  CHECK(cluster.user == "rollcall");
  CHECK(cluster.password_file == "password");
  CHECK(cluster.stale_for == std::chrono::minutes(30));
  CHECK(cluster.etcd_quota == std::int64_t{8} << 30);
  CHECK(cluster.mirrors_skydns);
}

TEST_CASE("cluster: what is left out has a default") {
  const ClusterSettings cluster = *settings_of(k_least_cluster).cluster;
  CHECK(cluster.stale_for == std::chrono::hours(1));
  CHECK_FALSE(cluster.etcd_quota.has_value());
  CHECK(cluster.advertise == "127.0.0.1:8601");
  CHECK_FALSE(cluster.mirrors_skydns);
  const std::string anywhere =
      "[cluster]\nname = \"prod\"\nnode = \"a\"\netcd = [\"h:1\"]\npeers = \"[::]:8601\"\nkey_file = \"key\"\n";
  CHECK(settings_of(anywhere).cluster->advertise.empty());
}

TEST_CASE("cluster: the name of a node comes from that of its host") {
  CHECK(node_name_of_host("Rollcall-1.example.net") == "rollcall-1");
  CHECK(node_name_of_host("db_1") == "db-1");
  CHECK(node_name_of_host("-x-") == "x");
  CHECK(node_name_of_host("___").empty());
  CHECK(node_name_of_host(std::string(64, 'a')).size() == 63);
}

TEST_CASE("cluster: mistakes are told with file, line and key") {
  const auto is_told = [](const std::string& toml, const char* words) {
    CHECK_THAT(complaint_of(toml), Catch::Contains(words));
  };
  const std::string head = "[cluster]\nname = \"prod\"\nnode = \"a\"\n";
  const std::string etcd = "etcd = [\"10.0.0.11:2379\"]\n";
  const std::string peers = "peers = \"127.0.0.1:8601\"\n";
  is_told("[cluster]\n" + etcd + peers, "rollcall.toml:1: cluster.name: missing");
  is_told("[cluster]\nname = \"a_b\"\n" + etcd + peers, "rollcall.toml:2: cluster.name: \"a_b\" is not a label");
  is_told(head + peers, "cluster.etcd: missing");
  is_told(head + "etcd = []\n" + peers, "at least one endpoint");
  is_told(head + etcd, "cluster.peers: missing");
  is_told(head + etcd + "peers = \"8601\"\n", "rollcall.toml:5: cluster.peers: \"8601\" is not ADDR:PORT");
  is_told(head + etcd + "peers = \"10.0.0.1:8601\"\n", "nodes must prove who they are");
  is_told(head + etcd + peers + "advertise = \"0.0.0.0:1\"\n", "is not where other nodes reach this one");
  is_told(head + etcd + peers + "advertise = \"host:70000\"\n", "is not where other nodes reach this one");
  is_told(head + etcd + peers + "pears = 1\n", "rollcall.toml:6: cluster.pears: unknown key; [cluster] has name");
  is_told(head + "etcd = [\"https://a:1\", \"b:1\"]\n" + peers, "all be https://");
  is_told(head + "etcd = [\"ftp://a:1\"]\n" + peers, "is no endpoint of etcd");
  is_told(head + "etcd = [\"https://a\"]\n" + peers, "is no endpoint of etcd");
  is_told(head + etcd + peers + "[cluster.etcd_tls]\nca = \"f\"\n", "cluster.etcd_tls.ca: is for endpoints");
  is_told(head + etcd + peers + "user = \"u\"\n", "needs a password");
  is_told(head + etcd + peers + "password_file = \"f\"\n", "user of etcd");
  is_told(head + etcd + peers + "stale_for = \"31d\"\n", "cluster.stale_for: ");
  is_told(head + etcd + peers + "[cluster.tls]\ncertificate = \"f\"\nca = \"f\"\n", "cluster.tls.certificate: needs");
  is_told(head + etcd + peers + "[cluster.tls]\ncertificate = \"f\"\nkey = \"f\"\n", "who signs those of all nodes");
  is_told(head + etcd + peers + "[cluster.tls]\nca = \"f\"\n", "cluster.tls.ca: ");
  is_told(head + etcd + peers + "key_file = \"f\"\n[cluster.tls]\ncertificate = \"f\"\nkey = \"f\"\nca = \"f\"\n",
          "leave it out");
  is_told(head + etcd + peers + "[cluster.etcd]\n", "cluster.etcd");
  is_told("cluster = 1\n", "must be one table");
}

TEST_CASE("cluster: records of other programs are read from the cluster's etcd, or from another") {
  CHECK(settings_of("[etcd]\nendpoints = []\n").etcd == std::nullopt);
  const EtcdSettings own = *settings_of("[etcd]\nendpoints = [\"a:2379\"]\nskydns = \"/dns/\"\n").etcd;
  CHECK(own.endpoints == std::vector<std::string>{"a:2379"});
  CHECK(own.skydns == "/dns");
  const Settings both = settings_of(k_least_cluster + "[etcd]\n");
  CHECK(both.etcd->endpoints.empty());
  CHECK(both.etcd->skydns == "/skydns");
  CHECK_THAT(complaint_of("[etcd]\nskydns = \"/skydns\"\n"), Catch::Contains("etcd.endpoints: missing"));
  CHECK_THAT(complaint_of("[etcd]\nendpoints = [\"a:1\"]\nskydns = \"skydns\"\n"),
             Catch::Contains("no prefix of keys"));
  CHECK_THAT(complaint_of(k_least_cluster + "[etcd]\nuser = \"u\"\npassword_file = \"f\"\n"),
             Catch::Contains("those of [cluster] are asked"));
}

TEST_CASE("cluster: both tables need a restart") {
  const Settings plain = settings_of("");
  const Settings cluster = settings_of(k_least_cluster);
  CHECK(settings_that_need_a_restart(plain, cluster) == std::vector<std::string>{"cluster"});
  CHECK(settings_that_need_a_restart(plain, settings_of("[etcd]\nendpoints = [\"a:1\"]\n")) ==
        std::vector<std::string>{"etcd"});
  CHECK(settings_that_need_a_restart(cluster, cluster).empty());
}

TEST_CASE("engine settings: certificates and the password are read from their files") {
  const ClusterFiles files;
  const std::string pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN EC PRIVATE KEY-----\nMII\n-----END EC PRIVATE KEY-----\n";
  Settings settings = settings_of(k_least_cluster);
  settings.cluster->etcd_ca = files.put("ca.pem", pem);
  settings.cluster->etcd_certificate = files.put("client.pem", pem);
  settings.cluster->etcd_key = files.put("client.key", key);
  settings.cluster->user = "rollcall";
  settings.cluster->password_file = files.put("password", "  secret word\n");
  const Result<cluster::EngineSettings> engine = engine_settings_of(settings);
  REQUIRE(engine);
  CHECK(engine->endpoints == std::vector<std::string>{"10.0.0.11:2379"});
  CHECK(engine->authorities == pem);
  CHECK(engine->certificate == pem);
  CHECK(engine->private_key == key);
  CHECK(engine->user == "rollcall");
  CHECK(engine->password == "secret word");
}

TEST_CASE("engine settings: a file that cannot be what its key says is told by key and name") {
  const ClusterFiles files;
  const auto complaint = [](const ClusterSettings& settings) {
    const Result<cluster::EngineSettings> engine = engine_settings_of(settings);
    REQUIRE_FALSE(engine);
    CHECK(engine.error().code == Errc::start_up);
    return engine.error().message;
  };
  const ClusterSettings least = *settings_of(k_least_cluster).cluster;
  ClusterSettings wrong = least;
  wrong.etcd_ca = "/nowhere/ca.pem";
  CHECK(complaint(wrong) == "cluster.etcd_tls.ca: cannot read /nowhere/ca.pem: No such file or directory");
  wrong = least;
  wrong.etcd_ca = std::filesystem::temp_directory_path();
  CHECK_THAT(complaint(wrong), Catch::Contains("cluster.etcd_tls.ca: cannot read"));
  wrong = least;
  wrong.etcd_certificate = files.put("client.pem", "secret");
  CHECK_THAT(complaint(wrong), Catch::Contains("client.pem has no certificate in PEM"));
  CHECK_THAT(complaint(wrong), !Catch::Contains("secret"));
  wrong = least;
  wrong.etcd_key = files.put("client.key", "-----BEGIN CERTIFICATE-----\n");
  CHECK_THAT(complaint(wrong), Catch::Contains("client.key has no private key in PEM"));
  wrong = least;
  wrong.password_file = files.put("password", "\n");
  CHECK_THAT(complaint(wrong), Catch::Contains("cluster.password_file: ") && Catch::Contains("is empty"));
  wrong.password_file = files.put("password", std::string(limits::k_secret_file_bytes_max + 1, 'x'));
  CHECK_THAT(complaint(wrong), Catch::Contains("is over 1048576 bytes"));
  Settings other = settings_of("[etcd]\nendpoints = [\"a:1\"]\nuser = \"u\"\npassword_file = \"/nowhere/p\"\n");
  const auto engine = engine_settings_of(other);
  REQUIRE_FALSE(engine);
  CHECK_THAT(engine.error().message, Catch::Contains("etcd.password_file: cannot read /nowhere/p"));
}

}  // namespace
}  // namespace rollcall::ops
