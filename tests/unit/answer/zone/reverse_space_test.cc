// Which addresses a reverse zone is about, and their names in it.
#include "answer/zone/reverse_space.h"

#include <string>
#include <string_view>

#include "catch.h"

namespace rollcall::answer {
namespace {

ReverseSpace space(std::string_view apex) { return ReverseSpace::parse(dns::Name::parse(apex).value()).value(); }

std::string name_of(std::string_view apex, std::string_view address) {
  const auto name = space(apex).name_of(*IpAddress::parse(address));
  return name ? name->text_without_dot() : "none";
}

// The address, "prefix" or "outside".
std::string place_of(std::string_view apex, std::string_view name) {
  dns::QuestionName question;
  REQUIRE(question.read(dns::Name::parse(name).value().wire()));
  const ReversePlace place = space(apex).place_of(question);
  if (place.kind == ReversePlace::Kind::address) return place.address.text();
  return place.kind == ReversePlace::Kind::prefix ? "prefix" : "outside";
}

// The first and the last octet of a range below 2.0.192, as "0 127"; else the sentence.
std::string range_of(const std::string& label) {
  const auto parsed = ReverseSpace::parse(dns::Name::parse(label + ".2.0.192.in-addr.arpa").value());
  if (!parsed) return parsed.error().message;
  int first = -1;
  int last = -1;
  for (int octet = 0; octet < 256; ++octet) {
    if (!parsed->name_of(*IpAddress::parse("192.0.2." + std::to_string(octet)))) continue;
    if (first < 0) first = octet;
    last = octet;
  }
  return std::to_string(first) + " " + std::to_string(last);
}

std::string v6_name(std::string_view first, std::size_t zeros, std::string_view rest) {
  std::string name(first);
  for (std::size_t i = 0; i < zeros; ++i) name += "0.";
  return name + std::string(rest);
}

TEST_CASE("an IPv4 address has its octets for labels, the last one first (RFC 1035 3.5)") {
  CHECK(name_of("in-addr.arpa", "192.0.2.10") == "10.2.0.192.in-addr.arpa");
  CHECK(place_of("in-addr.arpa", "10.2.0.192.IN-ADDR.Arpa") == "192.0.2.10");
  CHECK(place_of("in-addr.arpa", "255.255.255.255.in-addr.arpa") == "255.255.255.255");
  CHECK(place_of("in-addr.arpa", "0.0.0.0.in-addr.arpa") == "0.0.0.0");
}

TEST_CASE("an IPv4 zone ends at any octet") {
  for (const char* apex :
       {"192.in-addr.arpa", "0.192.in-addr.arpa", "2.0.192.in-addr.arpa", "10.2.0.192.in-addr.arpa"}) {
    CAPTURE(apex);
    CHECK(name_of(apex, "192.0.2.10") == "10.2.0.192.in-addr.arpa");
    CHECK(place_of(apex, "10.2.0.192.in-addr.arpa") == "192.0.2.10");
    CHECK(name_of(apex, "193.0.2.10") == "none");
    CHECK(name_of(apex, "2001:db8::1") == "none");
  }
  CHECK(place_of("192.in-addr.arpa", "2.0.192.in-addr.arpa") == "prefix");
  CHECK(place_of("192.in-addr.arpa", "x.0.192.in-addr.arpa") == "outside");
}

TEST_CASE("RFC 2317: a zone is a range within an octet, by its prefix or by its first and last") {
  CHECK(range_of("0/25") == "0 127");
  CHECK(range_of("128/25") == "128 255");
  CHECK(range_of("64/26") == "64 127");
  CHECK(range_of("252/30") == "252 255");
  CHECK(range_of("7/32") == "7 7");
  CHECK(range_of("0-127") == "0 127");
  CHECK(range_of("192-255") == "192 255");
  CHECK(range_of("10-99") == "10 99");
  CHECK(range_of("64-27") == "64 95");  // 64 to 27 is nothing
  CHECK(range_of("32-32") == "32 32");  // both readings are one
  CHECK(name_of("0/25.2.0.192.in-addr.arpa", "192.0.2.10") == "10.0/25.2.0.192.in-addr.arpa");
  CHECK(place_of("0/25.2.0.192.in-addr.arpa", "10.0/25.2.0.192.in-addr.arpa") == "192.0.2.10");
  CHECK(place_of("0/25.2.0.192.in-addr.arpa", "128.0/25.2.0.192.in-addr.arpa") == "outside");
  CHECK(place_of("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa") == "prefix");
}

TEST_CASE("RFC 2317: a range may lie within any octet") {
  CHECK(name_of("16/20.31.172.in-addr.arpa", "172.31.17.5") == "5.17.16/20.31.172.in-addr.arpa");
  CHECK(name_of("16/20.31.172.in-addr.arpa", "172.31.32.5") == "none");
  CHECK(place_of("16/20.31.172.in-addr.arpa", "5.31.16/20.31.172.in-addr.arpa") == "172.31.31.5");
  CHECK(place_of("16/20.31.172.in-addr.arpa", "17.16/20.31.172.in-addr.arpa") == "prefix");
  CHECK(place_of("16/20.31.172.in-addr.arpa", "32.16/20.31.172.in-addr.arpa") == "outside");
  CHECK(name_of("16/12.172.in-addr.arpa", "172.31.0.1") == "1.0.31.16/12.172.in-addr.arpa");
}

TEST_CASE("a range that can be read in two ways, or in none, is refused") {
  CHECK(range_of("0-31").contains("can mean 0 to 31, or the 2 addresses of 0/31"));
  CHECK(range_of("0-25").contains("can mean 0 to 25, or the 128 addresses of 0/25"));
  for (const char* label :
       {"0/24", "0/33", "1/25", "64/25", "/25", "0/", "0/025", "256/32", "0/-1", "127-0", "-", "0-256"}) {
    CAPTURE(label);
    CHECK(range_of(label).contains("the label \""));
  }
}

TEST_CASE("a name of no addresses is no reverse zone") {
  for (const char* name :
       {"example.in-addr.arpa", "010.in-addr.arpa", "256.in-addr.arpa", "1.1.2.0.192.in-addr.arpa",
        "1.0/25.2.0.192.in-addr.arpa", "0/25.0/24.0.192.in-addr.arpa", "g.ip6.arpa", "db8.ip6.arpa", "0/3.ip6.arpa"}) {
    CAPTURE(name);
    const auto parsed = ReverseSpace::parse(dns::Name::parse(name).value());
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.starts_with("the reverse zone " + std::string(name) + ": "));
  }
  CHECK_FALSE(ReverseSpace::parse(dns::Name::parse(v6_name("", 33, "ip6.arpa")).value()));
}

TEST_CASE("an IPv6 address has its nibbles for labels, the last one first (RFC 3596 2.5)") {
  const std::string name = v6_name("b.a.", 22, "8.b.d.0.1.0.0.2.ip6.arpa");
  // A zone ends at any nibble: what is left of the name when its first labels are taken off.
  for (std::size_t at = 0; at <= name.size() - std::string_view("ip6.arpa").size(); at += 2) {
    const std::string apex = name.substr(at);
    CAPTURE(apex);
    CHECK(name_of(apex, "2001:db8::ab") == name);
    CHECK(place_of(apex, name) == "2001:db8::ab");
    CHECK(place_of(apex, v6_name("B.A.", 22, "8.B.D.0.1.0.0.2.IP6.ARPA")) == "2001:db8::ab");
    if (at < name.size() - 8) CHECK(name_of(apex, "3001:db8::ab") == "none");
  }
  CHECK(place_of("ip6.arpa", v6_name("", 31, "ip6.arpa")) == "prefix");
  CHECK(place_of("ip6.arpa", v6_name("", 33, "ip6.arpa")) == "outside");
  CHECK(place_of("ip6.arpa", v6_name("g.", 31, "ip6.arpa")) == "outside");
  CHECK(place_of("ip6.arpa", v6_name("00.", 31, "ip6.arpa")) == "outside");
}

TEST_CASE("what is written otherwise than addresses are stands for none") {
  for (const char* name :
       {"010.2.0.192.in-addr.arpa", "256.2.0.192.in-addr.arpa", "1x.2.0.192.in-addr.arpa", "a.2.0.192.in-addr.arpa",
        "-1.2.0.192.in-addr.arpa", "00.2.0.192.in-addr.arpa", "1.10.2.0.192.in-addr.arpa"}) {
    CAPTURE(name);
    CHECK(place_of("in-addr.arpa", name) == "outside");
  }
}

TEST_CASE("names at and below in-addr.arpa and ip6.arpa are reverse, others are not") {
  for (const char* name : {"in-addr.arpa", "ip6.arpa", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.Ip6.Arpa"}) {
    CHECK(is_reverse(*dns::Name::parse(name)));
  }
  for (const char* name : {"arpa", "in-addr.test", "xin-addr.arpa", "svc.internal", "."}) {
    CHECK_FALSE(is_reverse(*dns::Name::parse(name)));
  }
}

}  // namespace
}  // namespace rollcall::answer
