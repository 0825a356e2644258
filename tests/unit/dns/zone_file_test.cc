#include "dns/zone_file.h"

#include <string>
#include <string_view>
#include <vector>

#include "catch.h"
#include "unit/dns/zone_lines.h"

namespace rollcall::dns {
namespace {

using namespace testing;

std::vector<std::string> read_lines(std::string_view text) { return lines_of(parse_zone(text, k_apex, "t.zone")); }

using Lines = std::vector<std::string>;

TEST_CASE("a relative name is below the origin, @ is the origin, a final dot makes a name absolute (RFC 1035 5.1)") {
  CHECK(read_lines("$TTL 5\n"
                   "www A 192.0.2.1\n"
                   "@ NS ns\n"
                   "other.c.test. CNAME www\n"
                   "$ORIGIN sub\n"
                   "www MX 10 @\n"
                   "$ORIGIN deep.c.test.\n"
                   "x CNAME y.example.\n") == Lines{
                                                  "www.c.test. 5 A 192.0.2.1",
                                                  "c.test. 5 NS ns.c.test.",
                                                  "other.c.test. 5 CNAME www.c.test.",
                                                  "www.sub.c.test. 5 MX 10 sub.c.test.",
                                                  "x.deep.c.test. 5 CNAME y.example.",
                                              });
}

TEST_CASE("a line that begins blank keeps the owner of the one before (RFC 1035 5.1)") {
  CHECK(read_lines("www 5 A 192.0.2.1\n"
                   "\t5 A 192.0.2.2\n"
                   "$ORIGIN x.c.test.\n"
                   "  5 TXT still-www\n") == Lines{
                                                 "www.c.test. 5 A 192.0.2.1",
                                                 "www.c.test. 5 A 192.0.2.2",
                                                 "www.c.test. 5 TXT \"still-www\"",
                                             });
}

TEST_CASE("parentheses join lines, and comments end them (RFC 1035 5.1)") {
  CHECK(read_lines("; nothing here\n"
                   "@ 5 SOA ns hostmaster ( ; begins\n"
                   "  1 1h\t; serial and refresh\n"
                   "\n"
                   "  15m 30w (\n"
                   "  ) 1 ) ; done\n"
                   "t 5 TXT ( \"a;b (c)\"\n"
                   "d );e\n") == Lines{
                                     "c.test. 5 SOA ns.c.test. hostmaster.c.test. 1 3600 900 18144000 1",
                                     "t.c.test. 5 TXT \"a;b (c)\" \"d\"",
                                 });
}

TEST_CASE("TTL and class come in either order, and either may be missing (RFC 1035 5.1)") {
  CHECK(read_lines("$TTL 7\n"
                   "a 5 IN A 192.0.2.1\n"
                   "b IN 6 A 192.0.2.2\n"
                   "c in a 192.0.2.3\n"
                   "d 8 A 192.0.2.4\n"
                   "e CLASS1 TYPE1 \\# 4 C0000205\n") == Lines{
                                                             "a.c.test. 5 A 192.0.2.1",
                                                             "b.c.test. 6 A 192.0.2.2",
                                                             "c.c.test. 7 A 192.0.2.3",
                                                             "d.c.test. 8 A 192.0.2.4",
                                                             "e.c.test. 7 A 192.0.2.5",
                                                         });
}

TEST_CASE("a TTL may be written in words") {
  CHECK(read_lines("a 1h A 192.0.2.1\n"
                   "b 1w2D3h4m5s A 192.0.2.1\n"
                   "$TTL 1d\n"
                   "c A 192.0.2.1\n") == Lines{
                                             "a.c.test. 3600 A 192.0.2.1",
                                             "b.c.test. 788645 A 192.0.2.1",
                                             "c.c.test. 86400 A 192.0.2.1",
                                         });
}

TEST_CASE("$TTL is the TTL of the records after it that have none (RFC 2308 4)") {
  CHECK(read_lines("$TTL 5\na A 192.0.2.1\n$TTL 6\na 9 A 192.0.2.2\na A 192.0.2.3\n") ==
        Lines{"a.c.test. 5 A 192.0.2.1", "a.c.test. 9 A 192.0.2.2", "a.c.test. 6 A 192.0.2.3"});
}

TEST_CASE("without $TTL a record has the last TTL written, and a leading SOA its own minimum") {
  CHECK(read_lines("@ SOA ns h 1 2 3 4 5\n@ NS ns\na 9 A 192.0.2.1\nb A 192.0.2.1\n") ==
        Lines{"c.test. 5 SOA ns.c.test. h.c.test. 1 2 3 4 5", "c.test. 5 NS ns.c.test.", "a.c.test. 9 A 192.0.2.1",
              "b.c.test. 9 A 192.0.2.1"});
}

TEST_CASE("a TTL with its top bit set is zero (RFC 2181 8)") {
  CHECK(read_lines("a 2147483647 A 192.0.2.1\nb 2147483648 A 192.0.2.1\nc 4294967295 A 192.0.2.1\n") ==
        Lines{"a.c.test. 2147483647 A 192.0.2.1", "b.c.test. 0 A 192.0.2.1", "c.c.test. 0 A 192.0.2.1"});
}

TEST_CASE("a label may hold any octet, escaped (RFC 1035 5.1, RFC 2181 11)") {
  const auto zone =
      parse_zone("a\\.b 5 A 192.0.2.1\n\\@ 5 CNAME x.\\@\nx\\032y\\\\ 5 CNAME z\\;\\(\\\"\n", k_apex, "t");
  REQUIRE(zone);
  CHECK(zone->records[0].owner == *Name::parse("a\\.b.c.test."));
  CHECK(zone->records[0].owner.label_count() == 3);
  CHECK(zone->records[1].owner == *Name::parse("\\064.c.test."));
  CHECK(zone->records[1].rdata == std::string("\1x\1@\1c\4test\0", 12));
  CHECK(zone->records[2].owner == *Name::parse("x\\032y\\\\.c.test."));
  CHECK(zone->records[2].rdata == std::string("\4z;(\"\1c\4test\0", 13));
}

TEST_CASE("the case of names is kept, in owners and in RDATA") {
  CHECK(read_lines("MiXeD 5 SRV 1 2 3 TaRgEt\n") == Lines{"MiXeD.c.test. 5 SRV 1 2 3 TaRgEt.c.test."});
}

TEST_CASE("lines may end with carriage return and line feed, the last one with nothing") {
  CHECK(read_lines("a 5 A 192.0.2.1\r\n\r\n  5 A 192.0.2.2") ==
        Lines{"a.c.test. 5 A 192.0.2.1", "a.c.test. 5 A 192.0.2.2"});
}

TEST_CASE("types of every kind are read") {
  CHECK(read_lines("$TTL 5\n"
                   "@ CAA 0 issue \"ca.example; policy=ev\"\n"
                   "@ TYPE65400 \\# 4 DE AD BEEF\n"
                   "@ TYPE65401 \\# 0\n"
                   "@ NAPTR 100 50 \"s\" \"http+I2R\" \"\" _http._tcp\n"
                   "@ HTTPS 1 svc port=8443 alpn=\"h2,h3\"\n"
                   "@ DNAME other\n"
                   "@ DS 1 8 5 AABB CC\n"
                   "@ HINFO \"a b\" c\n"
                   "@ LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m\n"
                   "@ IPSECKEY \\# 7 0A0100C0000226\n"
                   "@ SSHFP 1 9 aabb ccdd\n") ==
        Lines{
            "c.test. 5 CAA 0 issue \"ca.example; policy=ev\"",
            "c.test. 5 TYPE65400 \\# 4 deadbeef",
            "c.test. 5 TYPE65401 \\# 0",
            "c.test. 5 NAPTR 100 50 \"s\" \"http+I2R\" \"\" _http._tcp.c.test.",
            "c.test. 5 HTTPS 1 svc.c.test. alpn=h2,h3 port=8443",
            "c.test. 5 DNAME other.c.test.",
            "c.test. 5 DS 1 8 5 aabbcc",
            "c.test. 5 HINFO \"a b\" \"c\"",
            "c.test. 5 LOC 52 22 23.000 N 04 53 32.000 E -2m 0.00m 10000m 10m",
            "c.test. 5 IPSECKEY \\# 7 0a0100c0000226",
            "c.test. 5 SSHFP 1 9 aabbccdd",
        });
}

TEST_CASE("the zone may be the root") {
  CHECK(lines_of(parse_zone("@ 5 NS a\nb 5 A 192.0.2.1\n", Name(), "t")) == Lines{". 5 NS a.", "b. 5 A 192.0.2.1"});
}

TEST_CASE("a mistake is told with its line") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a 5 A 192.0.2.256", "t.zone:2: \"192.0.2.256\" is no RDATA of type A: expected is an IPv4 address"},
      {"a 5 AAAA 192.0.2.1", "t.zone:2: \"192.0.2.1\" is no RDATA of type AAAA: expected is an IPv6 address"},
      {"a 5 A 192.0.2.1 192.0.2.2",
       "t.zone:2: \"192.0.2.1 192.0.2.2\" is no RDATA of type A: expected is an IPv4 address"},
      {"a 5 SRV 0 0 70000 h", "t.zone:2: \"70000\" is more than this field can hold, 65535"},
      {"a 5 MX -1 h", "t.zone:2: \"-1\" is no whole number"},
      {"a 5 MX 10", "t.zone:2: \"10\" is no RDATA of type MX: expected is a preference and a name"},
      {"a 5 CNAME", "t.zone:2: \"\" is no RDATA of type CNAME: expected is one name"},
      {"a 5 CNAME b..c", "t.zone:2: \"b..c\" is no domain name"},
      {"a 5 CNAME \"b\"", "t.zone:2: \"\"b\"\" is no domain name"},
      {"a 5 SOA n h 1 2x 3 4 5", "t.zone:2: \"2x\" is no time in seconds"},
      {"a 5 DS 1 8 2 AAB", "t.zone:2: an odd number of hexadecimal digits"},
      {"a 5 NSEC b A BOGUS", "t.zone:2: \"BOGUS\" is no record type"},
      {"a 5 HTTPS 1 . port=70000", "t.zone:2: \"70000\" is more than this field can hold, 65535"},
      {"a 5 HTTPS 1 . port=1 port=2", "t.zone:2: the SvcParam port comes twice or out of order"},
      {"a 5 WKS 192.0.2.1 tcp smtp", "t.zone:2: the RDATA of WKS is written \\# <octets> <hex> (RFC 3597)"},
      {"a 5 MX mail 10", "t.zone:2: \"mail\" is no whole number"},
      {"a 5 DS 1 8 2 AABB", "t.zone:2: a digest of type 2, SHA-256, has 32 octets, not 2"},
      {"a 5 1h30 A 192.0.2.1", "t.zone:2: \"1h30\" is no record type"},
      {"a 1h30 A 192.0.2.1", "t.zone:2: \"1h30\" is no TTL: seconds, or words like 1h30m"},
      {"a 5 CAA 0 is-sue x",
       "t.zone:2: \"0 is-sue x\" is no RDATA of type CAA: expected is flags, a tag of letters and digits, and a value"},
      {"a 5 TXT a\"b c\"", "t.zone:2: \"a\"b c\"\" has a broken escape, or a quote in the middle of a word"},
      {"a 5 BOGUS x", "t.zone:2: \"BOGUS\" is no record type"},
      {"a 5 ANY", "t.zone:2: ANY is a type of questions; no record has it"},
      {"a 5 TYPE41 \\# 0", "t.zone:2: OPT is a type of questions; no record has it"},
      {"a 5 TYPE65536 \\# 0", "t.zone:2: \"TYPE65536\" is no record type"},
      {"a 5 TYPE65400 x", "t.zone:2: the RDATA of TYPE65400 is written \\# <octets> <hex> (RFC 3597)"},
      {"a 5 TYPE65400 \\# 3 DEADBEEF",
       "t.zone:2: the form is \\# <number of octets> <two hexadecimal digits for "
       "each of them> (RFC 3597)"},
      {"a 5 A \\# 3 C00002", "t.zone:2: these octets are no RDATA of type A"},
      {"a 5 CNAME \\# 2 C000", "t.zone:2: these octets are no RDATA of type CNAME"},
      {"a 5 SOA \\# 0", "t.zone:2: these octets are no RDATA of type SOA"},
      {"a 5 CH A 192.0.2.1", "t.zone:2: class CH: only IN is served"},
      {"a 5 CLASS3 A 192.0.2.1", "t.zone:2: class CLASS3: only IN is served"},
      {"a 5x A 192.0.2.1", "t.zone:2: \"5x\" is no TTL: seconds, or words like 1h30m"},
      {"a 4294967296 A 192.0.2.1", "t.zone:2: \"4294967296\" is no TTL: seconds, or words like 1h30m"},
      {"a A 192.0.2.1", "t.zone:2: a record without a TTL: write one, or $TTL above it"},
      {"a 5 IN", "t.zone:2: a record ends before its type"},
      {"a", "t.zone:2: a record ends before its type"},
      {" 5 A 192.0.2.1", "t.zone:2: a record without a name, and none before it to take the name from"},
      {"a..b 5 A 192.0.2.1", "t.zone:2: \"a..b\" is no domain name"},
      {"a.example. 5 A 192.0.2.1", "t.zone:2: a.example. is not in the zone c.test."},
      {"$ORIGIN", "t.zone:2: $ORIGIN takes one name"},
      {"$TTL soon", "t.zone:2: $TTL takes one time: seconds, or words like 1h30m"},
      {"$GENERATE 1-9 a A 192.0.2.$", "t.zone:2: \"$GENERATE\" is unknown here: there are $ORIGIN, $TTL and $INCLUDE"},
      {"$INCLUDE more.zone", "t.zone:2: $INCLUDE needs a zone that is read from a file"},
      {"a 5 TXT \"x\nb 5 TXT y", "t.zone:2: a quoted string does not end on its line"},
      {"a 5 TXT x\\\n", "t.zone:2: a backslash at the end of the line escapes nothing"},
      {"a 5 TXT (\nx\n", "t.zone:2: a '(' is never closed"},
      {"a 5 TXT x )", "t.zone:2: a ')' without its '('"},
      {std::string("a 5 TXT x\0y", 11), "t.zone:2: a zero byte: this is not a text file"},
  };
  for (const auto& [line, message] : cases) {
    INFO(line);
    const auto zone = parse_zone("; the first line\n" + line + "\n", k_apex, "t.zone");
    REQUIRE_FALSE(zone);
    CHECK(zone.error().message == message);
    CHECK(zone.error().code == Errc::invalid);
  }
}

TEST_CASE("the line of a mistake counts joined lines, blank lines and comments") {
  const auto zone = parse_zone("@ 5 SOA n h (\n1\n2\n3 4\n5 )\n\n; note\na 5 A x\n", k_apex, "t.zone");
  REQUIRE_FALSE(zone);
  CHECK(zone.error().message.starts_with("t.zone:8: "));
}

TEST_CASE("a record that spans lines is told by its first line") {
  const auto zone = parse_zone("\n@ 5 SOA n h (\n1\n2x\n3 4\n5 )\n", k_apex, "t.zone");
  REQUIRE_FALSE(zone);
  CHECK(zone.error().message.starts_with("t.zone:2: "));
}

TEST_CASE("a zone file without records is refused") {
  for (const std::string_view text : {"", "\n\n", "; nothing\n$TTL 5\n"}) {
    const auto zone = parse_zone(text, k_apex, "t.zone");
    REQUIRE_FALSE(zone);
    CHECK(zone.error().message == "t.zone: holds no records");
    CHECK(zone.error().code == Errc::malformed);
  }
}

TEST_CASE("a string of TXT has at most 255 octets") {
  CHECK(read_lines("a 5 TXT " + std::string(255, 'x')) == Lines{"a.c.test. 5 TXT \"" + std::string(255, 'x') + "\""});
  CHECK_FALSE(parse_zone("a 5 TXT " + std::string(256, 'x'), k_apex, "t.zone"));
}

TEST_CASE("no text makes the reader crash") {
  const std::string seed = "a 5 IN SRV ( 1 2 3 \"t\\.\" ) ; c\n$TTL 1h\n TXT \"x\" y\\\"\n$ORIGIN \\000.\n@ \\# 1 0";
  for (std::size_t cut = 0; cut <= seed.size(); ++cut) {
    for (const char c : std::string_view("\0\n\"\\();@.$ \xff", 12)) {
      std::string text = seed;
      text.insert(text.begin() + static_cast<std::ptrdiff_t>(cut), c);
      (void)parse_zone(text, k_apex, "t.zone");
      (void)parse_zone(std::string_view(text).substr(0, cut + 1), k_apex, "t.zone");
      (void)parse_zone(std::string_view(text).substr(cut), k_apex, "t.zone");
    }
  }
  SUCCEED();
}

}  // namespace
}  // namespace rollcall::dns
