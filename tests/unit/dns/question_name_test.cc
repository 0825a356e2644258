#include <string>
#include <vector>

#include "catch.h"
#include "dns/name.h"

namespace rollcall::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets wire(std::string_view presentation) {
  const auto parsed = Name::parse(presentation);
  REQUIRE(parsed);
  return {parsed->wire().begin(), parsed->wire().end()};
}

TEST_CASE("a question's name is folded, and its labels are found") {
  QuestionName name;
  REQUIRE(name.read(wire("wWw.C.tEsT.")));
  CHECK(name.labels == 3);
  CHECK(name.size == 12);
  CHECK(name.label(0) == "www");
  CHECK(name.label(2) == "test");
  CHECK(name.suffix(0) == std::string("\3www\1c\4test\0", 12));
  CHECK(name.suffix(1) == std::string("\1c\4test\0", 8));
  CHECK(name.suffix(3) == std::string(1, '\0'));
}

TEST_CASE("the root is a name of no labels") {
  QuestionName name;
  REQUIRE(name.read(Octets{0}));
  CHECK(name.labels == 0);
  CHECK(name.size == 1);
  CHECK(name.suffix(0) == std::string(1, '\0'));
}

TEST_CASE("what follows a question's name is not looked at") {
  QuestionName name;
  Octets octets = wire("a.");
  octets.insert(octets.end(), {0xff, 0xff});
  REQUIRE(name.read(octets));
  CHECK(name.size == 3);
}

TEST_CASE("a question's name cut short at any octet is none") {
  const Octets whole = wire("www.c.test.");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    QuestionName name;
    CHECK_FALSE(name.read(Bytes(whole).first(size)));
  }
}

TEST_CASE("a pointer is no part of a question's name (RFC 1035 §4.1.4)") {
  QuestionName name;
  CHECK_FALSE(name.read(Octets{0xc0, 0x0c}));
  CHECK_FALSE(name.read(Octets{3, 'w', 'w', 'w', 0xc0, 0x0c}));
  CHECK_FALSE(name.read(Octets{0xff, 0xff, 0}));
}

TEST_CASE("the types of labels that RFC 6891 §5 retired are none") {
  QuestionName name;
  for (int type = 0x40; type < 0x100; ++type) {
    Octets octets(300, 'x');
    octets.front() = static_cast<std::uint8_t>(type);
    INFO(type);
    CHECK_FALSE(name.read(octets));
  }
}

TEST_CASE("a question's name has 255 octets and 127 labels at most") {
  Octets octets;
  for (int i = 0; i < 127; ++i) octets.insert(octets.end(), {1, 'x'});
  octets.push_back(0);
  QuestionName name;
  REQUIRE(octets.size() == 255);
  REQUIRE(name.read(octets));
  CHECK(name.labels == 127);
  CHECK(name.size == 255);
  octets.insert(octets.begin(), {1, 'x'});
  CHECK_FALSE(name.read(octets));

  // 256 octets without so many labels; the last one is the one too many.
  Octets longest;
  for (int i = 0; i < 3; ++i) {
    longest.push_back(63);
    longest.insert(longest.end(), 63, 'x');
  }
  longest.push_back(61);
  longest.insert(longest.end(), 61, 'x');
  longest.push_back(0);
  CHECK(longest.size() == 255);
  CHECK(name.read(longest));
  ++longest[192];
  longest.insert(longest.end() - 1, 'x');
  CHECK(longest.size() == 256);
  CHECK_FALSE(name.read(longest));
}

TEST_CASE("nothing outside the octets given is read, and nothing outside the name is written") {
  // Every first octet, over every size: the sanitizers watch.
  for (int first = 0; first < 256; ++first) {
    for (std::size_t size = 1; size < 70; ++size) {
      Octets octets(size, static_cast<std::uint8_t>(first));
      QuestionName name;
      static_cast<void>(name.read(octets));
    }
  }
  QuestionName name;
  CHECK_FALSE(name.read(Octets(10'000, 1)));
}

}  // namespace
}  // namespace rollcall::dns
