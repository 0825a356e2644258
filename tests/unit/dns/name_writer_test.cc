#include "dns/name_writer.h"

#include <algorithm>
#include <array>
#include <ldns/ldns.h>
#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "dns/rdata.h"

namespace rollcall::dns {
namespace {

// A message in the making: a header's worth of nothing, then what the test writes.
struct Message {
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(65535);
  ByteWriter out{WritableBytes(room)};
  NameWriter names{out};

  Message() { out.claim(12); }
  explicit Message(std::size_t size) : room(size) { out.claim(12); }

  std::size_t put(std::string_view presentation) {
    const std::size_t at = out.size();
    names.put(Name::parse(presentation)->wire());
    return at;
  }
  std::size_t put_rdata(Type type, std::string_view presentation) {
    const std::size_t at = out.size();
    const auto rdata = parse_rdata(type, presentation);
    REQUIRE(rdata);
    names.put_rdata(type, rollcall::octets(*rdata));
    return at + 2;
  }
  // The name at an offset, as ldns reads it.
  [[nodiscard]] std::string name_at(std::size_t at) const {
    ldns_rdf* raw = nullptr;
    if (ldns_wire2dname(&raw, room.data(), out.size(), &at) != LDNS_STATUS_OK) return "no name";
    const std::unique_ptr<ldns_rdf, void (*)(ldns_rdf*)> owner(raw, ldns_rdf_deep_free);
    const std::unique_ptr<char, void (*)(void*)> text(ldns_rdf2str(raw), std::free);
    return text.get();
  }
};

TEST_CASE("a name is written out once, and pointed at from then on") {
  Message message;
  const std::size_t first = message.put("www.c.test.");
  CHECK(message.out.size() == first + 12);
  const std::size_t second = message.put("www.c.test.");
  CHECK(message.out.size() == second + 2);
  const std::size_t third = message.put("mail.c.test.");
  CHECK(message.out.size() == third + 7);  // "mail" and a pointer
  const std::size_t fourth = message.put("x.mail.c.test.");
  CHECK(message.out.size() == fourth + 4);
  CHECK(message.name_at(first) == "www.c.test.");
  CHECK(message.name_at(second) == "www.c.test.");
  CHECK(message.name_at(third) == "mail.c.test.");
  CHECK(message.name_at(fourth) == "x.mail.c.test.");
}

TEST_CASE("the root is one octet, and never a pointer") {
  Message message;
  message.put(".");
  message.put(".");
  CHECK(message.out.size() == 14);
}

TEST_CASE("a name is found in any case, and keeps its place's") {
  Message message;
  message.put("WwW.C.tEsT.");
  const std::size_t at = message.put("www.c.test.");
  CHECK(message.out.size() == at + 2);
  CHECK(message.name_at(at) == "WwW.C.tEsT.");
}

TEST_CASE("labels that only look alike are not confused") {
  Message message;
  message.put("ab.test.");
  const std::size_t at = message.put(R"(a\.b.test.)");
  const std::size_t other = message.put("b.test.");
  CHECK(message.name_at(at) == R"(a\.b.test.)");
  CHECK(message.name_at(other) == "b.test.");
  CHECK(message.name_at(message.put("ab.tes.")) == "ab.tes.");
}

TEST_CASE("the question's name may be pointed at, whole and in part") {
  Message message;
  QuestionName question;
  const Name asked = *Name::parse("wWw.C.test.");
  REQUIRE(question.read(asked.wire()));
  message.out.bytes(asked.wire());
  message.names.remember(12, question);
  const std::size_t at = message.put("mail.c.test.");
  CHECK(message.out.size() == at + 7);
  CHECK(message.name_at(at) == "mail.C.test.");
}

TEST_CASE("nothing past the reach of a pointer is pointed at (RFC 1035 §4.1.4)") {
  Message message;
  message.out.claim(0x3ffe - message.out.size());
  message.put("a.b.");  // at 0x3ffe, its second label at 0x4000
  const std::size_t whole = message.put("a.b.");
  CHECK(message.out.size() == whole + 2);
  const std::size_t part = message.put("x.b.");
  CHECK(message.out.size() == part + 5);  // written out: "b" stands too far
  const std::size_t again = message.put("x.b.");
  CHECK(message.out.size() == again + 5);
  CHECK(message.name_at(whole) == "a.b.");
  CHECK(message.name_at(again) == "x.b.");
}

TEST_CASE("more names than are remembered are written out, and right") {
  Message message;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "host-" + std::to_string(i) + ".zone-" + std::to_string(i % 7) + ".test.";
    CHECK(message.name_at(message.put(name)) == name);
    CHECK(message.name_at(message.put(name)) == name);
  }
}

TEST_CASE("names in RDATA of RFC 1035's types are compressed, all of them") {
  Message message;
  message.put("c.test.");
  for (const auto& [type, text, size] : std::vector<std::tuple<Type, std::string, std::size_t>>{
           {Type::ns, "ns.c.test.", 5},
           {Type::cname, "a.c.test.", 4},
           {Type::ptr, "b.c.test.", 4},
           {Type::mx, "10 m.c.test.", 6},
           {Type::soa, "ns.c.test. h.c.test. 1 2 3 4 5", 2 + 4 + 20},
           {Type::minfo, "a.c.test. ns.c.test.", 4},
       }) {
    INFO(text);
    const std::size_t at = message.put_rdata(type, text);
    CHECK(message.out.size() - at == size);
    CHECK(load_u16(message.room.data() + at - 2) == size);
  }
}

TEST_CASE("names in RDATA of later types are never compressed (RFC 3597 §4)") {
  Message message;
  message.put("www.c.test.");
  for (const auto& [type, text] : std::vector<std::pair<Type, std::string>>{
           {Type::srv, "1 2 3 www.c.test."}, {Type::dname, "www.c.test."}, {Type::https, "1 www.c.test. alpn=h2"}}) {
    INFO(text);
    const auto plain = parse_rdata(type, text);
    REQUIRE(plain);
    const std::size_t at = message.put_rdata(type, text);
    CHECK(std::string(message.room.begin() + static_cast<std::ptrdiff_t>(at),
                      message.room.begin() + static_cast<std::ptrdiff_t>(message.out.size())) == *plain);
  }
}

TEST_CASE("names of RDATA that was not compressed are not pointed at") {
  Message message;
  message.put_rdata(Type::srv, "1 2 3 www.c.test.");
  const std::size_t at = message.put("www.c.test.");
  CHECK(message.out.size() == at + 12);
}

TEST_CASE("a message rewound forgets the names that stood behind") {
  Message message;
  message.put("c.test.");
  const std::size_t before = message.out.size();
  message.put("www.c.test.");
  message.out.rewind(before);
  message.names.rewind(before);
  message.out.claim(20);  // something else stands there now
  const std::size_t at = message.put("www.c.test.");
  CHECK(message.out.size() == at + 6);
  CHECK(message.name_at(at) == "www.c.test.");
}

TEST_CASE("a name that does not fit fails, at any octet, and what was before is still good") {
  for (std::size_t room = 12 + 8; room < 12 + 8 + 6; ++room) {
    Message message(room);
    message.put("c.test.");
    const std::size_t before = message.out.size();
    message.put("www.c.test.");
    INFO(room);
    CHECK_FALSE(message.out.ok());
    message.out.rewind(before);
    message.names.rewind(before);
    CHECK(message.out.ok());
    CHECK(message.name_at(12) == "c.test.");
  }
  Message message(12 + 8 + 6);
  message.put("c.test.");
  message.put("www.c.test.");
  CHECK(message.out.ok());
}

}  // namespace
}  // namespace rollcall::dns
