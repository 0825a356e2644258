#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.h"
#include "dns/rdata.h"
#include "dns/rdata_check.h"
#include "dns/rdata_form.h"

namespace rollcall::dns {
namespace {

std::string wire(Type type, std::string_view presentation) {
  const auto rdata = parse_rdata(type, presentation);
  return rdata ? *rdata : rdata.error().message;
}

TEST_CASE("RDATA is read into wire form, uncompressed") {
  CHECK(wire(Type::srv, "10 5 8080 i-1.Web.svc.internal.") ==
        std::string("\0\12\0\5\x1f\x90\3i-1\3Web\3svc\10internal\0", 28));
  CHECK(wire(Type::a, "192.0.2.1") == std::string("\xc0\0\2\1", 4));
  CHECK(wire(Type::txt, "\"a b\" c") == std::string("\3a b\1c", 6));
}

TEST_CASE("RDATA is written as it is read") {
  const std::vector<std::pair<Type, std::string>> cases = {
      {Type::a, "192.0.2.1"},
      {Type::aaaa, "2001:db8::1"},
      {Type::srv, "10 5 8080 i-1.web.svc.internal."},
      {Type::ptr, "."},
      {Type::mx, "10 mail.c.test."},
      {Type::txt, "\"path=/x\" \"quote \\\" and \\\\ and \\200\""},
      {Type::soa, "ns.c.test. h.c.test. 4294967295 1 2 3 4"},
      {Type::svcb, "1 svc.c.test. alpn=h2,h3 port=8443"},
      {static_cast<Type>(65400), "\\# 4 deadbeef"},
      {static_cast<Type>(65400), "\\# 0"},
  };
  for (const auto& [type, text] : cases) {
    const auto rdata = parse_rdata(type, text);
    REQUIRE(rdata);
    CHECK(rdata_text(type, *rdata) == text);
  }
}

TEST_CASE("every type whose RDATA has names that may be compressed is checked octet by octet") {
  for (std::uint32_t number = 0; number <= 65535; ++number) {
    const auto type = static_cast<Type>(number);
    if (has_compressible_rdata(type)) CHECK(find_form(type) != nullptr);
  }
}

TEST_CASE("RDATA with a quote in a name is written so that it is read as it was") {
  const std::string rdata("\3a\"b\0", 5);
  CHECK(rdata_text(Type::ptr, rdata) == "\\# 5 0361226200");
  CHECK(wire(Type::ptr, rdata_text(Type::ptr, rdata)) == rdata);
}

TEST_CASE("names in RDATA are folded where it is compared, texts are not") {
  CHECK(fold_names(Type::mx, wire(Type::mx, "1 Mail.C.Test.")) == wire(Type::mx, "1 mail.c.test."));
  CHECK(fold_names(Type::https, wire(Type::https, "1 Web.C.Test. alpn=H2")) ==
        wire(Type::https, "1 web.c.test. alpn=H2"));
  CHECK(fold_names(Type::txt, wire(Type::txt, "Text")) == wire(Type::txt, "Text"));
  CHECK(fold_names(static_cast<Type>(65400), "\4Name") == "\4Name");
}

TEST_CASE("SvcParams are in the order of their keys, whatever the order of the text (RFC 9460 2.2)") {
  CHECK(wire(Type::https, "1 . port=443 alpn=h2") == wire(Type::https, "1 . alpn=h2 port=443"));
}

TEST_CASE("RDATA that is not of its type is written as octets (RFC 3597 5)") {
  CHECK(rdata_text(Type::a, "abc") == "\\# 3 616263");
  CHECK(rdata_text(Type::a, "") == "\\# 0");
  CHECK(rdata_text(Type::cname, std::string_view("\xc0\0", 2)) == "\\# 2 c000");
  CHECK(rdata_text(Type::soa, std::string_view("\0\0", 2)) == "\\# 2 0000");
  CHECK(rdata_text(Type::opt, "abc") == "\\# 3 616263");
}

TEST_CASE("a certificate of the reserved type 0 is refused, and nothing of it is kept (RFC 4398 2.1)") {
  for (const char* text : {"0 0 0 AAAA", "00 0 0 AAAA", "+0 0 0 AAAA", "0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rdata(static_cast<Type>(37), text, *Name::parse("c.test")));
  }
  CHECK(parse_rdata(static_cast<Type>(37), "1 0 0 AAAA", *Name::parse("c.test")));
}

TEST_CASE("RDATA is one line") {
  CHECK_FALSE(parse_rdata(Type::a, ""));
  CHECK_FALSE(parse_rdata(Type::a, "192.0.2.1\n192.0.2.2"));
  CHECK_FALSE(parse_rdata(Type::txt, "(x"));
}

TEST_CASE("a type has a mnemonic, or a number (RFC 3597 5)") {
  CHECK(type_text(Type::srv) == "SRV");
  CHECK(type_text(Type::https) == "HTTPS");
  CHECK(type_text(Type::any) == "ANY");
  CHECK(type_text(Type::axfr) == "AXFR");
  CHECK(type_text(static_cast<Type>(65400)) == "TYPE65400");
  const std::vector<std::pair<std::string, Type>> types = {{"SRV", Type::srv},
                                                           {"srv", Type::srv},
                                                           {"any", Type::any},
                                                           {"type65400", static_cast<Type>(65400)},
                                                           {"TYPE1", Type::a}};
  for (const auto& [text, type] : types) {
    const auto parsed = parse_type(text);
    REQUIRE(parsed);
    CHECK(*parsed == type);
  }
  for (const std::string_view text : {"", "BOGUS", "TYPE", "TYPE65536", "TYPE1x", "TYPE-1", "SRV "}) {
    INFO(text);
    const auto type = parse_type(text);
    REQUIRE_FALSE(type);
    CHECK(type.error().message == "\"" + std::string(text) + "\" is no record type");
  }
}

}  // namespace
}  // namespace rollcall::dns
