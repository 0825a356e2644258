#include <cstdlib>

#include "net/peers/peer_tls.h"
#include "unit/net/certificate_directory.h"
#include "unit/net/peers/world.h"

namespace rollcall::net {
namespace {

using cluster::PeerRefusal;
using testing::CertificateDirectory;
using testing::comes_true;
using testing::Node;
using testing::poll_of;
using testing::RawPeer;

constexpr std::string_view k_secret = "0123456789abcdef0123456789abcdef";

PeerSettings with_key(const std::string& file) {
  PeerSettings settings;
  settings.key_file = file;
  return settings;
}

// An authority, and certificates that it has signed.
struct Authority {
  Authority(const CertificateDirectory& in, const std::string& stem) : directory(in), files(in.make(stem)) {}
  // `names`: of the certificate; one, where the stem is it.
  [[nodiscard]] PeerSettings sign(const std::string& stem, std::string names = {}) const {
    if (names.empty()) names = "DNS:" + stem;
    const std::string base = directory.path(stem);
    const std::string command =
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + stem + " -keyout " + base +
        ".key -out " + base + ".csr 2> /dev/null && openssl x509 -req -in " + base + ".csr -CA " + files.certificate +
        " -CAkey " + files.key + " -CAcreateserial -days 2 -extfile " +
        directory.write(stem + ".names", "subjectAltName=" + names) + " -out " + base + ".pem 2> /dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    PeerSettings settings;
    settings.certificate = base + ".pem";
    settings.key = base + ".key";
    settings.authority = files.certificate;
    return settings;
  }
  const CertificateDirectory& directory;
  CertificateFiles files;
};

TEST_CASE("a key has octets enough, and not the same ones") {
  CHECK(PeerKey::parse(k_secret).has_value());
  CHECK(PeerKey::parse(std::string(k_secret) + "\r\n").has_value());
  CHECK_FALSE(PeerKey::parse(k_secret.substr(1)).has_value());
  CHECK_FALSE(PeerKey::parse(std::string(k_secret.substr(1)) + "\n").has_value());
  CHECK_FALSE(PeerKey::parse(std::string(64, 'a')).has_value());
  CHECK(PeerKey::parse(std::string(k_secret) + std::string(4'064, 'x')).has_value());
  CHECK_FALSE(PeerKey::parse(std::string(k_secret) + std::string(4'065, 'x')).has_value());
  const auto absent = PeerKey::load("/nowhere/peers.key");
  REQUIRE_FALSE(absent.has_value());
  CHECK(absent.error().message.starts_with("/nowhere/peers.key: "));
}

TEST_CASE("seals differ by key, direction, number and octets") {
  const PeerKey key = *PeerKey::parse(k_secret);
  const std::vector<std::uint8_t> hello{1, 2, 3};
  const std::vector<std::uint8_t> other{1, 2, 4};
  PeerSession session = make_session(key, hello, other);
  PeerSession same = make_session(key, hello, other);
  const Sha256 first = session.asking.next(hello);
  CHECK(first == same.asking.next(hello));
  CHECK(first != session.asking.next(hello));
  CHECK(first != session.answering.next(hello));
  CHECK(first != make_session(key, hello, hello).asking.next(hello));
  CHECK(first != make_session(key, hello, other).asking.next(other));
  CHECK(first != make_session(*PeerKey::parse("Z" + std::string(k_secret)), hello, other).asking.next(hello));
}

TEST_CASE("without a key or a certificate only loopback listens") {
  PeerSettings settings;
  settings.cluster = "prod";
  settings.node = "n1";
  settings.listen.address = *IpAddress::parse("0.0.0.0");
  testing::FakeService service;
  const auto open = Peers::open(settings, service);
  REQUIRE_FALSE(open.has_value());
  CHECK(open.error().message.contains("cluster.key_file"));
}

TEST_CASE("nodes with one key exchange polls, and one without it gets no word in") {
  const CertificateDirectory files;
  const std::string right = files.write("right", std::string(k_secret) + "\n");
  const std::string wrong = files.write("wrong", "Z" + std::string(k_secret));
  Node a("n1", with_key(right));
  Node b("n2", with_key(right));
  a.dial("n2", b.address());
  CHECK(a.exchanges_with("n2"));
  const int polls = b.service.polls;
  Node stranger("n3", with_key(wrong));
  stranger.dial("n2", b.address());
  stranger.poll("n2");
  CHECK(comes_true([&] { return stranger.refused(PeerRefusal::unauthentic) > 0; }));
  CHECK(comes_true([&] { return b.refused(PeerRefusal::unauthentic) > 0; }));
  Node open("n4");
  open.dial("n2", b.address());
  open.poll("n2");
  CHECK(comes_true([&] { return open.refused(PeerRefusal::unauthentic) > 0; }));
  CHECK(b.service.polls == polls);
  CHECK(stranger.service.taken() + open.service.taken() == 0);
}

TEST_CASE("a frame that is sent twice, changed, or taken from another connection is refused") {
  const CertificateDirectory files;
  Node a("n1", with_key(files.write("key", std::string(k_secret))));
  const PeerKey key = *PeerKey::parse(k_secret);
  std::vector<std::uint8_t> recorded;
  {
    RawPeer raw(a.peers->endpoint());
    raw.greet("n2", &key);
    recorded = raw.send_sealed(poll_of("n2"));
    CHECK_FALSE(raw.receive_frame().empty());
    raw.send(recorded);
    CHECK(raw.is_ended());
    CHECK(a.refused(PeerRefusal::unauthentic) == 1);
  }
  {
    RawPeer raw(a.peers->endpoint());
    raw.greet("n2", &key);
    raw.send(recorded);
    CHECK(raw.is_ended());
    CHECK(a.refused(PeerRefusal::unauthentic) == 2);
  }
  RawPeer raw(a.peers->endpoint());
  raw.greet("n2", &key);
  std::vector<std::uint8_t> changed = RawPeer::frame(poll_of("n2"), cluster::k_seal_bytes);
  const Sha256 seal = raw.seals->asking.next(changed);
  changed.insert(changed.end(), seal.begin(), seal.end());
  changed[20] ^= 1;
  raw.send(changed);
  CHECK(raw.is_ended());
  CHECK(a.refused(PeerRefusal::unauthentic) == 3);
  CHECK(a.service.polls == 1);
}

TEST_CASE("nodes with certificates of one authority exchange polls, others do not") {
  const CertificateDirectory files;
  const Authority ours(files, "ours");
  const Authority theirs(files, "theirs");
  Node a("n1", ours.sign("n1"));
  Node b("n2", ours.sign("b", "DNS:B.example,DNS:N2.example"));
  a.dial("n2", b.address());
  b.self = "n2";
  b.dial("n1", a.address());
  CHECK(a.exchanges_with("n2"));
  CHECK(b.exchanges_with("n1"));
  const int polls = a.service.polls + b.service.polls;
  Node stranger("n3", theirs.sign("n3"));
  stranger.dial("n2", b.address());
  stranger.poll("n2");
  CHECK(comes_true([&] { return stranger.refused(PeerRefusal::unauthentic) > 0; }));
  Node plain("n4");
  plain.dial("n1", a.address());
  plain.poll("n1");
  CHECK(comes_true([&] { return a.refused(PeerRefusal::unauthentic) > 0; }));
  CHECK(a.service.polls + b.service.polls == polls);
  CHECK(stranger.service.taken() + plain.service.taken() == 0);
}

TEST_CASE("a server of the nodes' own authority that trusts others takes no client without a certificate of ours") {
  const CertificateDirectory files;
  const Authority ours(files, "ours");
  const Authority theirs(files, "theirs");
  Node a("n1", ours.sign("n1"));
  PeerSettings mixed = theirs.sign("n2");
  mixed.authority = ours.files.certificate;  // believes us, and shows what we do not believe
  Node b("n2", mixed);
  b.self = "n2";
  b.dial("n1", a.address());
  b.poll("n1");
  CHECK(comes_true([&] { return a.refused(PeerRefusal::unauthentic) > 0; }));
  CHECK(a.service.polls == 0);
}

TEST_CASE("a certificate of the authority speaks for the nodes that it names, and for no other") {
  const CertificateDirectory files;
  const Authority ours(files, "ours");
  Node a("n1", ours.sign("n1"));
  Node stolen("n2", ours.sign("n3"));
  stolen.self = "n2";
  stolen.dial("n1", a.address());
  stolen.poll("n1");
  CHECK(comes_true([&] { return a.refused(PeerRefusal::name) > 0; }));
  CHECK(a.service.polls == 0);
  // The other way: whoever is dialled must be who it is said to be.
  Node b("n4", ours.sign("n4"));
  b.self = "n4";
  b.dial("n2", stolen.address());
  b.poll("n2");
  CHECK(comes_true([&] { return b.refused(PeerRefusal::name) > 0; }));
  CHECK(stolen.service.polls == 0);
}

TEST_CASE("a certificate names a node by its first label, a wildcard all of them, and parts of a label none") {
  const std::vector<std::string> names{"N1", "n2.example.net", "spiffe://x/n3"};
  CHECK(names_node(names, "n1"));
  CHECK(names_node(names, "n2"));
  CHECK_FALSE(names_node(names, "n3"));
  CHECK_FALSE(names_node(names, "n"));
  CHECK_FALSE(names_node(names, "n2.example"));
  CHECK(names_node(std::vector<std::string>{"*.example.net"}, "n9"));
  CHECK_FALSE(names_node(std::vector<std::string>{"*"}, "n9"));
  CHECK_FALSE(names_node({}, "n9"));
}

TEST_CASE("certificates and a key together are both asked for") {
  const CertificateDirectory files;
  const Authority ours(files, "ours");
  PeerSettings both = ours.sign("all", "DNS:*.example");
  both.key_file = files.write("key", std::string(k_secret));
  Node a("n1", both);
  Node b("n2", both);
  a.dial("n2", b.address());
  CHECK(a.exchanges_with("n2"));
}

}  // namespace
}  // namespace rollcall::net
