#include "answer/zone/static_zone.h"

#include <string>
#include <string_view>
#include <vector>

#include "catch.h"

namespace rollcall::answer {
namespace {

using dns::Type;

const dns::Name k_apex = *dns::Name::parse("c.test.");

// A zone with everything in it.
constexpr std::string_view k_zone = R"(
$TTL 300
@           3600 SOA  ns hostmaster 7 10 5 3600 30
@                NS   ns
@                NS   ns.example.
ns               A    192.0.2.53
www              A    192.0.2.1
www          60  A    192.0.2.2
www              A    192.0.2.1
www              AAAA 2001:db8::1
MiXeD            TXT  "case"
a.ent.deep       TXT  "deep"
*.wild           A    192.0.2.9
*.wild           TXT  "any"
exact.wild       A    192.0.2.10
a.exact2.wild    A    192.0.2.11
*.wildalias      CNAME www
x.*.wildent      A    192.0.2.12
alias            CNAME www
chain            CNAME alias
loop             CNAME loop
red              DNAME other.example.
red              TXT  "not redirected"
cut              NS   ns.cut
cut              NS   ns.other
cut              DS   1 8 99 AABB
ns.cut           A    192.0.2.54
www.cut          A    192.0.2.55
below.ns.cut     A    192.0.2.56
plain            NS   ns.example.
*.under.plain    A    192.0.2.57
any              TYPE65400 \# 4 DEADBEEF
dot\.ted         A    192.0.2.58
dotted.dot       A    192.0.2.59
)";

StaticZone build(std::string_view text = k_zone) {
  auto file = dns::parse_zone(text, k_apex, "t.zone");
  if (!file) FAIL(file.error().message);
  auto zone = StaticZone::build(std::move(*file));
  if (!zone) FAIL(zone.error().message);
  return std::move(*zone);
}

std::string refusal(std::string_view text) {
  auto file = dns::parse_zone(text, k_apex, "t.zone");
  if (!file) FAIL(file.error().message);
  const auto zone = StaticZone::build(std::move(*file));
  return zone ? "" : zone.error().message;
}

StaticAnswer look_up(const StaticZone& zone, std::string_view name, Type type) {
  const auto parsed = dns::Name::parse(name);
  REQUIRE(parsed);
  dns::QuestionName qname;
  REQUIRE(qname.read(parsed->wire()));
  return zone.look_up(qname, type);
}

std::string_view word(Found found) {
  switch (found) {
    case Found::hit: return "hit";
    case Found::nodata: return "nodata";
    case Found::nxdomain: return "nxdomain";
    case Found::delegation: return "delegation";
    case Found::alias: return "alias";
    case Found::redirect: return "redirect";
    case Found::unavailable: return "unavailable";
  }
  return "";
}

// What was found, where, and the RDATA: "hit www.c.test. 60 A 192.0.2.1 | 192.0.2.2".
std::string ask(const StaticZone& zone, std::string_view name, Type type) {
  const StaticAnswer answer = look_up(zone, name, type);
  std::string text(word(answer.found));
  if (answer.node != nullptr) text += " " + answer.node->owner.text();
  if (answer.wildcard) text += " (wildcard)";
  if (answer.rrset == nullptr) return text;
  text += " " + std::to_string(answer.rrset->ttl) + " " + dns::type_text(answer.rrset->type);
  for (std::size_t i = 0; i < answer.rrset->rdatas.size(); ++i) {
    text += (i == 0 ? " " : " | ") + dns::rdata_text(answer.rrset->type, answer.rrset->rdatas[i]);
  }
  return text;
}

TEST_CASE("a name and a type that are there are a hit, whatever the case of the question (RFC 4343)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "c.test.", Type::soa) == "hit c.test. 3600 SOA ns.c.test. hostmaster.c.test. 7 10 5 3600 30");
  CHECK(ask(zone, "c.test.", Type::ns) == "hit c.test. 300 NS ns.c.test. | ns.example.");
  CHECK(ask(zone, "WwW.C.TeSt.", Type::aaaa) == "hit www.c.test. 300 AAAA 2001:db8::1");
  CHECK(ask(zone, "mixed.c.test.", Type::txt) == "hit MiXeD.c.test. 300 TXT \"case\"");
  CHECK(ask(zone, "any.c.test.", static_cast<Type>(65400)) == "hit any.c.test. 300 TYPE65400 \\# 4 deadbeef");
}

TEST_CASE("an RRset has one TTL, the least of its records', and no record twice (RFC 2181 5, 5.2)") {
  CHECK(ask(build(), "www.c.test.", Type::a) == "hit www.c.test. 60 A 192.0.2.1 | 192.0.2.2");
}

TEST_CASE("records that differ only in the case of a name are one, others in case are two (RFC 4343 3, RFC 2181 5)") {
  const std::string head = "@ 5 SOA n h 1 2 3 4 5\n@ 5 NS n\n";
  const StaticZone zone = build(head + "a 5 MX 1 Mail\na 5 MX 1 mail\na 5 MX 2 mail\na 5 TXT T\na 5 TXT t\n");
  CHECK(ask(zone, "a.c.test.", Type::mx) == "hit a.c.test. 5 MX 1 Mail.c.test. | 2 mail.c.test.");
  CHECK(ask(zone, "a.c.test.", Type::txt) == "hit a.c.test. 5 TXT \"T\" | \"t\"");
}

TEST_CASE("a name that is there without the type is NODATA (RFC 2308 2.2)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "www.c.test.", Type::mx) == "nodata www.c.test.");
  CHECK(ask(zone, "c.test.", Type::ds) == "nodata c.test.");
  CHECK(ask(zone, "www.c.test.", static_cast<Type>(65535)) == "nodata www.c.test.");
}

TEST_CASE("a name that is not there is NXDOMAIN, below a leaf too (RFC 2308 2.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "nowhere.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "x.y.z.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "below.www.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "below.alias.c.test.", Type::a) == "nxdomain");
}

TEST_CASE("a dot inside a label separates nothing (RFC 2181 11)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "dot\\.ted.c.test.", Type::a) == "hit dot\\.ted.c.test. 300 A 192.0.2.58");
  CHECK(ask(zone, "dot.ted.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "dotted\\.dot.c.test.", Type::a) == "nxdomain");
}

TEST_CASE("a name between an owner and the apex exists, without records (RFC 4592 2.2.2, RFC 8020 2)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "ent.deep.c.test.", Type::txt) == "nodata ent.deep.c.test.");
  CHECK(ask(zone, "deep.c.test.", Type::any) == "nodata deep.c.test.");
  CHECK(ask(zone, "b.ent.deep.c.test.", Type::txt) == "nxdomain");
}

TEST_CASE("a wildcard answers for the names below it that are not there (RFC 4592 3.3.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "foo.wild.c.test.", Type::a) == "hit *.wild.c.test. (wildcard) 300 A 192.0.2.9");
  CHECK(ask(zone, "a.b.wild.c.test.", Type::a) == "hit *.wild.c.test. (wildcard) 300 A 192.0.2.9");
  CHECK(ask(zone, "wild.c.test.", Type::a) == "nodata wild.c.test.");
  CHECK(ask(zone, "foo.wild.c.test.", Type::any) == "hit *.wild.c.test. (wildcard)");
}

TEST_CASE("a wildcard does not reach past a closer encloser, an empty one too (RFC 4592 2.2.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "x.exact.wild.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "x.exact2.wild.c.test.", Type::a) == "nxdomain");
  CHECK(ask(zone, "exact2.wild.c.test.", Type::a) == "nodata exact2.wild.c.test.");
  CHECK(ask(zone, "exact.wild.c.test.", Type::txt) == "nodata exact.wild.c.test.");
}

TEST_CASE("a type that is missing at the wildcard is NODATA (RFC 4592 2.2.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "foo.wild.c.test.", Type::aaaa) == "nodata *.wild.c.test. (wildcard)");
  CHECK(ask(zone, "foo.wild.c.test.", Type::ds) == "nodata *.wild.c.test. (wildcard)");
}

TEST_CASE("a question for the asterisk itself is an ordinary one (RFC 4592 2.1.1, 2.3)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "*.wild.c.test.", Type::a) == "hit *.wild.c.test. 300 A 192.0.2.9");
  CHECK(ask(zone, "*.foo.wild.c.test.", Type::a) == "hit *.wild.c.test. (wildcard) 300 A 192.0.2.9");
  CHECK(ask(zone, "x.*.wild.c.test.", Type::a) == "nxdomain");
}

TEST_CASE("an empty asterisk is a source of synthesis without data (RFC 4592 2.2.2, 4.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "foo.wildent.c.test.", Type::a) == "nodata *.wildent.c.test. (wildcard)");
  CHECK(ask(zone, "foo.wildent.c.test.", Type::any) == "nodata *.wildent.c.test. (wildcard)");
  CHECK(ask(zone, "x.foo.wildent.c.test.", Type::a) == "nodata *.wildent.c.test. (wildcard)");
  CHECK(ask(zone, "x.*.wildent.c.test.", Type::a) == "hit x.*.wildent.c.test. 300 A 192.0.2.12");
}

TEST_CASE("an alias is followed for every type but its own and ANY (RFC 1034 3.6.2, 4.3.2 3a)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "alias.c.test.", Type::a) == "alias alias.c.test. 300 CNAME www.c.test.");
  CHECK(ask(zone, "chain.c.test.", Type::txt) == "alias chain.c.test. 300 CNAME alias.c.test.");
  CHECK(ask(zone, "loop.c.test.", Type::a) == "alias loop.c.test. 300 CNAME loop.c.test.");
  CHECK(ask(zone, "alias.c.test.", Type::cname) == "hit alias.c.test. 300 CNAME www.c.test.");
  CHECK(ask(zone, "alias.c.test.", Type::any) == "hit alias.c.test.");
}

TEST_CASE("an alias may be synthesised (RFC 4592 3.4)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "x.wildalias.c.test.", Type::a) == "alias *.wildalias.c.test. (wildcard) 300 CNAME www.c.test.");
  CHECK(ask(zone, "x.wildalias.c.test.", Type::cname) == "hit *.wildalias.c.test. (wildcard) 300 CNAME www.c.test.");
}

TEST_CASE("a DNAME redirects what is below it and not its owner (RFC 6672 2.2, 3.2)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "x.red.c.test.", Type::a) == "redirect red.c.test. 300 DNAME other.example.");
  CHECK(ask(zone, "x.y.red.c.test.", Type::dname) == "redirect red.c.test. 300 DNAME other.example.");
  CHECK(ask(zone, "red.c.test.", Type::dname) == "hit red.c.test. 300 DNAME other.example.");
  CHECK(ask(zone, "red.c.test.", Type::txt) == "hit red.c.test. 300 TXT \"not redirected\"");
  CHECK(ask(zone, "red.c.test.", Type::a) == "nodata red.c.test.");
}

TEST_CASE("at and below a cut the answer is a delegation (RFC 1034 4.3.2 3b)") {
  const StaticZone zone = build();
  const std::string delegation = "delegation cut.c.test. 300 NS ns.cut.c.test. | ns.other.c.test.";
  CHECK(ask(zone, "cut.c.test.", Type::a) == delegation);
  CHECK(ask(zone, "cut.c.test.", Type::ns) == delegation);
  CHECK(ask(zone, "cut.c.test.", Type::any) == delegation);
  CHECK(ask(zone, "nowhere.cut.c.test.", Type::a) == delegation);
  CHECK(ask(zone, "plain.c.test.", Type::a) == "delegation plain.c.test. 300 NS ns.example.");
}

TEST_CASE("a name below a cut is not ours to answer, but is found as glue") {
  const StaticZone zone = build();
  const std::string delegation = "delegation cut.c.test. 300 NS ns.cut.c.test. | ns.other.c.test.";
  CHECK(ask(zone, "ns.cut.c.test.", Type::a) == delegation);
  CHECK(ask(zone, "www.cut.c.test.", Type::a) == delegation);
  CHECK(ask(zone, "below.ns.cut.c.test.", Type::a) == delegation);
  CHECK(ask(zone, "x.under.plain.c.test.", Type::a) == "delegation plain.c.test. 300 NS ns.example.");
  const Node* glue = zone.find(dns::Name::parse("NS.cut.c.test.")->folded_wire());
  REQUIRE(glue != nullptr);
  REQUIRE(glue->find(Type::a) != nullptr);
  CHECK(dns::rdata_text(Type::a, glue->find(Type::a)->rdatas.front()) == "192.0.2.54");
  CHECK(glue->find(Type::aaaa) == nullptr);
  CHECK(zone.find(dns::Name::parse("ns.other.c.test.")->folded_wire()) == nullptr);
}

TEST_CASE("the DS of a cut belongs to the side above it (RFC 4035 3.1.4.1)") {
  const StaticZone zone = build();
  CHECK(ask(zone, "cut.c.test.", Type::ds) == "hit cut.c.test. 300 DS 1 8 99 aabb");
  CHECK(ask(zone, "plain.c.test.", Type::ds) == "nodata plain.c.test.");
  CHECK(ask(zone, "www.cut.c.test.", Type::ds) == "delegation cut.c.test. 300 NS ns.cut.c.test. | ns.other.c.test.");
}

TEST_CASE("a question for ANY is a hit with the whole node, or NODATA at an empty one") {
  const StaticZone zone = build();
  const StaticAnswer answer = look_up(zone, "www.c.test.", Type::any);
  CHECK(answer.found == Found::hit);
  CHECK(answer.rrset == nullptr);
  REQUIRE(answer.node != nullptr);
  REQUIRE(answer.node->rrsets.size() == 2);
  CHECK(answer.node->rrsets[0].type == Type::a);
  CHECK(answer.node->rrsets[1].type == Type::aaaa);
}

TEST_CASE("negative answers live min(SOA TTL, MINIMUM) (RFC 2308 3)") {
  CHECK(build().negative_ttl() == 30);
  CHECK(build("@ 5 SOA n h 4294967295 1 1 1 30\n@ 5 NS n\n").negative_ttl() == 5);
  CHECK(build("@ 5 SOA n h 4294967295 1 1 1 30\n@ 5 NS n\n").serial() == 4294967295U);
  CHECK(build().serial() == 7);
}

TEST_CASE("the zone may be the root") {
  auto file = dns::parse_zone("@ 5 SOA a b 1 2 3 4 5\n@ 5 NS a\nx.y 5 A 192.0.2.1\n* 5 TXT t\n", dns::Name(), "t");
  REQUIRE(file);
  const auto zone = StaticZone::build(std::move(*file));
  REQUIRE(zone);
  CHECK(ask(*zone, ".", Type::ns) == "hit . 5 NS a.");
  CHECK(ask(*zone, "y.", Type::a) == "nodata y.");
  CHECK(ask(*zone, "z.", Type::txt) == "hit *. (wildcard) 5 TXT \"t\"");
}

TEST_CASE("a wildcard name longer than a name can be matches nothing") {
  const std::string label(63, 'x');
  const std::string owner = label + "." + label + "." + label + "." + std::string(53, 'y');
  const StaticZone zone = build("@ 5 SOA n h 1 2 3 4 5\n@ 5 NS n\n" + owner + " 5 A 192.0.2.1\n");
  CHECK(ask(zone, owner + ".c.test.", Type::a).starts_with("hit "));
  const std::string longest = label + "." + label + "." + label + "." + std::string(51, 'z') + ".n.c.test.";
  CHECK(ask(zone, longest, Type::a) == "nxdomain");
}

TEST_CASE("a zone keeps its answers when it is moved") {
  StaticZone first = build();
  const StaticZone second = std::move(first);
  CHECK(ask(second, "www.c.test.", Type::aaaa) == "hit www.c.test. 300 AAAA 2001:db8::1");
  CHECK(second.soa().ttl == 3600);
  CHECK(second.apex() == k_apex);
}

TEST_CASE("a zone that no server may load is refused, and the sentence names the owner") {
  const std::string head = "$TTL 5\n@ SOA n h 1 2 3 4 5\n@ NS n\n";
  CHECK(refusal("@ 5 NS n\n") == "c.test. has no SOA record; a zone begins with one");
  CHECK(refusal(head + "@ SOA n h 2 2 3 4 5\n") == "c.test. has more than one SOA record");
  CHECK(refusal(head + "@ SOA n h 1 2 3 4 5\n").empty());  // the same one twice
  CHECK(refusal(head + "sub SOA n h 1 2 3 4 5\n") ==
        "sub.c.test. has an SOA record, which belongs to the top of the zone, c.test.");
  CHECK(refusal("@ 5 SOA n h 1 2 3 4 5\n") == "c.test. has no NS record; the zone must name its servers");
  CHECK(refusal(head + "a CNAME b\na A 192.0.2.1\n") == "a.c.test. has A beside CNAME; a CNAME stands alone");
  CHECK(refusal(head + "a CNAME b\nA TXT x\n") == "a.c.test. has TXT beside CNAME; a CNAME stands alone");
  CHECK(refusal(head + "@ CNAME b\n") == "c.test. has NS beside CNAME; a CNAME stands alone");
  CHECK(refusal(head + "a CNAME b\na CNAME c\n") == "a.c.test. has more than one CNAME record");
  CHECK(refusal(head + "a CNAME b\na CNAME b\n").empty());
  CHECK(refusal(head + "a CNAME b\na NSEC b CNAME NSEC\n").empty());
  CHECK(refusal(head + "d DNAME b\nd DNAME c\n") == "d.c.test. has more than one DNAME record");
  CHECK(refusal(head + "d DNAME b\nx.d A 192.0.2.1\n") ==
        "x.d.c.test. is below the DNAME at d.c.test., where nothing can be");
  CHECK(refusal(head + "x.y.d A 192.0.2.1\nd DNAME b\n") ==
        "y.d.c.test. is below the DNAME at d.c.test., where nothing can be");
  CHECK(refusal("$TTL 5\n@ SOA n.x. h 1 2 3 4 5\n@ NS n.x.\n@ DNAME b.example.\n").empty());
  CHECK(refusal(head + "@ DNAME b.example.\nn A 192.0.2.1\n") ==
        "n.c.test. is below the DNAME at c.test., where nothing can be");
  CHECK(refusal(head + "d DNAME b\nd NS n\n") ==
        "d.c.test. has NS beside DNAME; it can be delegated or redirected, not both");
  CHECK(refusal(head + "*.w NS n\n") == "*.w.c.test. is a wildcard and cannot have NS");
  CHECK(refusal(head + "*.w DNAME n\n") == "*.w.c.test. is a wildcard and cannot have DNAME");
  CHECK(refusal(head + "*.w SOA n h 1 2 3 4 5\n") == "*.w.c.test. is a wildcard and cannot have SOA");
}

TEST_CASE("an owner outside the zone is refused") {
  dns::ZoneFile file{k_apex, {{*dns::Name::parse("c.example."), Type::a, 5, std::string(4, '\1')}}};
  const auto zone = StaticZone::build(std::move(file));
  REQUIRE_FALSE(zone);
  CHECK(zone.error().message == "c.example. is not in the zone c.test.");
}

std::string conflict(const StaticZone& zone, std::string_view name) {
  const Node* node = zone.find_conflict(*dns::Name::parse(name));
  return node == nullptr ? "" : node->owner.text();
}

TEST_CASE("the roll cannot have a name at or above which the file has something to say") {
  const StaticZone zone = build();
  CHECK(conflict(zone, "WWW.c.test.") == "www.c.test.");
  CHECK(conflict(zone, "deep.c.test.").empty());              // only names below it
  CHECK(conflict(zone, "cut.c.test.") == "cut.c.test.");      // a cut at it
  CHECK(conflict(zone, "x.y.cut.c.test.") == "cut.c.test.");  // a cut above it
  CHECK(conflict(zone, "x.red.c.test.") == "red.c.test.");    // a DNAME above it
  CHECK(conflict(zone, "below.ns.cut.c.test.") == "below.ns.cut.c.test.");
  CHECK(conflict(zone, "web.c.test.").empty());
  CHECK(conflict(zone, "below.www.c.test.").empty());
  CHECK(conflict(zone, "foo.wild.c.test.").empty());  // a wildcard gives way
  CHECK(conflict(zone, "www.example.").empty());
  CHECK(conflict(zone, "c.test.") == "c.test.");
}

TEST_CASE("a DNAME at the apex leaves no name for services") {
  const StaticZone zone = build("$TTL 5\n@ SOA n.x. h.x. 1 2 3 4 5\n@ NS n.x.\n@ DNAME b.example.\n");
  CHECK(conflict(zone, "web.c.test.") == "c.test.");
  CHECK(ask(zone, "web.c.test.", Type::a) == "redirect c.test. 5 DNAME b.example.");
}

}  // namespace
}  // namespace rollcall::answer
