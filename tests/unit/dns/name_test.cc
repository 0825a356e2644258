#include "dns/name.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"

namespace rollcall::dns {
namespace {

Name name(std::string_view text) {
  const auto parsed = Name::parse(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

std::string octets(const Name& of) { return {of.wire().begin(), of.wire().end()}; }

// `count` labels of one letter, with dots.
std::string short_labels(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "x.";
  return text;
}

// A name of exactly `size` octets on the wire: labels of 63, and a last one that fills.
std::string name_of_octets(std::size_t size) {
  std::string text;
  std::size_t left = size - 1;
  while (left > 64) {
    text += std::string(63, 'x') + '.';
    left -= 64;
  }
  return text + std::string(left - 1, 'y') + '.';
}

TEST_CASE("a name is absolute, with or without the final dot") {
  CHECK(octets(name("www.c.test.")) == std::string("\3www\1c\4test\0", 12));
  CHECK(octets(name("www.c.test")) == octets(name("www.c.test.")));
  CHECK(octets(name(".")) == std::string(1, '\0'));
  CHECK(name(".").is_root());
  CHECK(Name().is_root());
  CHECK(name("www.c.test").text() == "www.c.test.");
  CHECK(name("www.c.test.").text_without_dot() == "www.c.test");
  CHECK(Name().text() == ".");
  CHECK(Name().text_without_dot() == ".");
}

TEST_CASE("an empty label is no label") {
  for (const auto* text : {"", "..", ".a", "a..b", "a..", "...", ".a."}) {
    INFO(text);
    CHECK_FALSE(Name::parse(text));
  }
}

TEST_CASE("escapes stand for any octet (RFC 1035 §5.1)") {
  CHECK(octets(name(R"(a\.b.c)")) == std::string("\3a.b\1c\0", 7));
  CHECK(octets(name(R"(\032\000\255)")) == std::string("\3 \0\xff\0", 5));
  CHECK(octets(name(R"(\\.\".\@)")) == std::string("\1\\\1\"\1@\0", 7));
  CHECK(octets(name(R"(a\0461)")) == std::string("\3a.1\0", 5));
}

TEST_CASE("a broken escape is no name") {
  for (const auto* text : {R"(\)", R"(a\)", R"(\1)", R"(\12)", R"(\256)", R"(\999)", R"(\1a2)", R"(\12a)"}) {
    INFO(text);
    CHECK_FALSE(Name::parse(text));
  }
}

TEST_CASE("what is written is read back, whatever octets a label has") {
  for (int first = 0; first < 256; ++first) {
    const std::string label{static_cast<char>(first), 'x', static_cast<char>(255 - first)};
    const auto whole = Name::join(label, name("c.test."));
    REQUIRE(whole);
    INFO(whole->text());
    CHECK(octets(name(whole->text())) == octets(*whole));
  }
}

TEST_CASE("a label has 63 octets at most") {
  CHECK(Name::parse(std::string(63, 'x') + ".test"));
  CHECK_FALSE(Name::parse(std::string(64, 'x') + ".test"));
  CHECK_FALSE(Name::parse(std::string(100'000, 'x')));
}

TEST_CASE("a name has 255 octets at most") {
  for (const std::size_t size : {254U, 255U}) CHECK(name(name_of_octets(size)).wire().size() == size);
  for (const std::size_t size : {256U, 257U, 300U}) CHECK_FALSE(Name::parse(name_of_octets(size)));
}

TEST_CASE("a name has 127 labels at most") {
  CHECK(name(short_labels(127)).label_count() == 127);
  CHECK_FALSE(Name::parse(short_labels(128)));
}

TEST_CASE("a label is joined to a name while the whole has 255 octets") {
  const Name parent = name(name_of_octets(250));
  CHECK(Name::join("abcd", parent)->wire().size() == 255);
  CHECK_FALSE(Name::join("abcde", parent));
  CHECK_FALSE(Name::join("", parent));
  CHECK(Name::join(std::string(63, 'x'), Name()));
  CHECK_FALSE(Name::join(std::string(64, 'x'), Name()));
  CHECK(Name::join("a.b", name("c"))->text() == R"(a\.b.c.)");
}

TEST_CASE("a name on the wire is read to its root label, and no further") {
  const std::vector<std::uint8_t> wire{1, 'a', 0, 1, 'b', 0};
  CHECK(Name::parse_wire(wire)->text() == "a.");
  CHECK_FALSE(Name::parse_wire(Bytes(wire).first(2)));
  CHECK_FALSE(Name::parse_wire({}));
  const std::vector<std::uint8_t> pointer{1, 'a', 0xc0, 0};
  CHECK_FALSE(Name::parse_wire(pointer));
}

TEST_CASE("names are equal but for the case of ASCII letters (RFC 4343)") {
  CHECK(name("WwW.C.tEsT") == name("www.c.test"));
  CHECK(name("a") != name("b"));
  CHECK(name(R"(\193)") != name(R"(\225)"));  // Latin-1 has cases, octets have not
  CHECK(name("[") != name("{"));
  CHECK(name("WwW.C.tEsT").text() == "WwW.C.tEsT.");
  CHECK(name("WwW.C").folded_wire() == std::string("\3www\1c\0", 7));
  CHECK(name(R"(a\.b)") != name("a.b"));
}

TEST_CASE("a label as long as a letter's code is not taken for a letter") {
  // 63 is the longest label, 65 is 'A': folding the whole name folds its labels alone.
  const Name longest = name(std::string(63, 'A'));
  CHECK(longest.folded_wire().front() == 63);
}

TEST_CASE("names are ordered as RFC 4034 §6.1 shows") {
  const std::vector<std::string> in_order{"example",           "a.example",      "yljkjljk.a.example",
                                          "Z.a.example",       "zABC.a.EXAMPLE", "z.example",
                                          R"(\001.z.example)", "*.z.example",    R"(\200.z.example)"};
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    for (std::size_t j = 0; j < in_order.size(); ++j) {
      INFO(in_order[i] << " and " << in_order[j]);
      CHECK(((name(in_order[i]) <=> name(in_order[j])) == (i <=> j)));
    }
  }
}

TEST_CASE("the root comes before every name, and a name before those below it") {
  CHECK(bool(Name() < name("a")));
  CHECK(bool(name("b.a") > name("a")));
  CHECK(bool((name("A.b") <=> name("a.B")) == 0));
}

TEST_CASE("a name is within itself and everything above it") {
  const Name www = name("www.c.test");
  for (const auto* above : {"www.c.test", "C.TEST", "test", "."}) CHECK(www.is_within(name(above)));
  for (const auto* beside : {"c.tes", "w.c.test", "ww.c.test", "x.www.c.test", "example", "st"}) {
    INFO(beside);
    CHECK_FALSE(www.is_within(name(beside)));
  }
  // The octets of "\4test" end another name's label.
  CHECK_FALSE(Name::join(std::string("x\4test", 6), Name())->is_within(name("test")));
}

TEST_CASE("a name comes apart label by label") {
  const Name www = name("www.c.test");
  CHECK(www.label_count() == 3);
  CHECK(www.first_label() == "www");
  CHECK(www.parent() == name("c.test"));
  CHECK(www.parent().parent().parent().is_root());
  CHECK(Name().label_count() == 0);
}

}  // namespace
}  // namespace rollcall::dns
