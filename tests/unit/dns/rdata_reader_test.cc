// Texts of single types against octets that their RFCs give; tests/differential/test_zone_texts.py has all the others.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.h"
#include "dns/rdata.h"

namespace rollcall::dns {
namespace {

constexpr Type k_loc{29};
constexpr Type k_cert{37};
constexpr Type k_apl{42};
constexpr Type k_tlsa{52};
constexpr Type k_caa{257};

// `\# 3 010203`, or the sentence.
std::string octets(Type type, std::string_view text) {
  const auto rdata = parse_rdata(type, text, *Name::parse("c.test"));
  if (!rdata) return rdata.error().message;
  constexpr Type k_unknown{65400};
  return rdata_text(k_unknown, *rdata);
}

TEST_CASE("seconds left out of a latitude do not take those of the longitude (RFC 1876 3)") {
  const std::string whole = octets(k_loc, "52 22 0 N 4 53 32 E 0m");
  CHECK(octets(k_loc, "52 22 N 4 53 32 E 0m") == whole);
  CHECK(octets(k_loc, "52 0 0.000 N 4 0 0.000 E 0.00m 1m 10000m 10m") == octets(k_loc, "52 N 4 E 0"));
  CHECK(octets(k_loc, "52 N 4 E 0m") == "\\# 16 001216138b28720080dbba0000989680");
}

TEST_CASE("a latitude ends at the pole, an altitude where 32 bits do") {
  CHECK(octets(k_loc, "90 S 180 W 42849672.95m") == "\\# 16 001216136cb0270059604e00ffffffff");
  CHECK(octets(k_loc, "90 0 0.001 S 180 W 0m") == "a latitude is 0 to 90 degrees [minutes [seconds]] and N or S");
  CHECK(octets(k_loc, "0 N 0 E 42849672.96m") ==
        "\"42849672.96m\" is no altitude: -100000.00m to 42849672.95m, two decimals at most");
  CHECK(octets(k_loc, "0 N 0 E 0m 1m 1m 1m 1m") == "behind the altitude are a size and two precisions at most");
}

TEST_CASE("the lists of SvcParams are unescaped after their strings are (RFC 9460 D.2)") {
  const std::string wire = "\\# 35 001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832";
  CHECK(octets(Type::svcb, R"(16 foo.example.org. alpn="f\\\\oo\\,bar,h2")") == wire);
  CHECK(octets(Type::svcb, R"(16 foo.example.org. alpn=f\\\092oo\092,bar,h2)") == wire);
}

TEST_CASE("SvcParams that contradict each other are refused (RFC 9460 D.3, 7.1.1, 8)") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"key123=abc key123=def", "the SvcParam key123 comes twice or out of order"},
      {"mandatory", "mandatory lists keys between commas, one at least"},
      {"alpn", "alpn lists protocols of 1 to 255 octets between commas"},
      {"port", "port takes one whole number"},
      {"ipv4hint", "ipv4hint lists addresses of its family between commas, one at least"},
      {"ipv6hint", "ipv6hint lists addresses of its family between commas, one at least"},
      {"no-default-alpn=abc", "the SvcParam no-default-alpn takes no value"},
      {"mandatory=key123", "mandatory lists key123, which the record does not have"},
      {"mandatory=mandatory", "mandatory lists itself, which RFC 9460 8 forbids"},
      {"mandatory=key123,key123 key123=abc", "mandatory lists key123 twice or out of order"},
      {"no-default-alpn", "no-default-alpn without alpn leaves no protocol at all (RFC 9460 7.1.1)"},
      {"bogus=1", "\"bogus\" is no SvcParamKey known here; any from key0 to key65534 may be written so"},
  };
  for (const auto& [params, sentence] : cases) CHECK(octets(Type::svcb, "1 foo.example.com. " + params) == sentence);
}

TEST_CASE("octets of a type that are written as octets are held to the rules of its text (RFC 3597 5)") {
  CHECK(octets(Type::svcb, "\\# 7 00010000020000") ==
        "no-default-alpn without alpn leaves no protocol at all (RFC 9460 7.1.1)");
  CHECK(octets(Type::svcb, "\\# 11 0001000003000200500003") == "a SvcParam is cut short");
  CHECK(octets(Type::ds, "\\# 5 0001080200") == "a digest of type 2, SHA-256, has 32 octets, not 1");
}

TEST_CASE("the value of a CAA record may stand without quotes (RFC 8659 4.1)") {
  CHECK(octets(k_caa, "0 issue ca.example") == "\\# 17 0005697373756563612e6578616d706c65");
  CHECK(octets(k_caa, "0 issue \"ca.example\"") == octets(k_caa, "0 issue ca.example"));
}

TEST_CASE("a list of prefixes may be empty (RFC 3123 4)") {
  CHECK(octets(k_apl, "") == "\\# 0");
  CHECK(octets(k_apl, "!1:192.0.2.0/24 2:::/0") == "\\# 11 00011883c0000200020000");
}

TEST_CASE("a label @ is written \\@ in RDATA too") { CHECK(octets(Type::ns, "\\@") == "\\# 10 01400163047465737400"); }

TEST_CASE("mnemonics stand for the numbers of their registries (RFC 4398 2.1, RFC 7218)") {
  CHECK(octets(k_cert, "PKIX 1 RSASHA256 AAAA") == octets(k_cert, "1 1 8 AAAA"));
  CHECK(octets(k_tlsa, "DANE-EE SPKI SHA2-256 ab") == octets(k_tlsa, "3 1 1 ab"));
  CHECK(octets(k_cert, "BOGUS 1 8 AAAA") == "\"BOGUS\" is no number or mnemonic");
}

}  // namespace
}  // namespace rollcall::dns
