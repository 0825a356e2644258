#include "store/row_text.h"

#include "catch.h"

namespace rollcall::store {

TEST_CASE("lists and objects are written as JSON without a superfluous byte") {
  std::string out = "left over";
  write_addresses(std::vector{*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:DB8:0::1")}, out);
  REQUIRE(out == R"(["192.0.2.1","2001:db8::1"])");
  write_tags({}, out);
  REQUIRE(out == "[]");
  write_tags(std::vector<std::string>{"blue", "v2"}, out);
  REQUIRE(out == R"(["blue","v2"])");
  write_meta({}, out);
  REQUIRE(out == "{}");
  write_meta({{"path", "/api"}, {"version", "1"}}, out);
  REQUIRE(out == R"({"path":"/api","version":"1"})");
}

TEST_CASE("every byte of a meta value is read back as it was") {
  std::string every;
  for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
  every += "ä€😀";
  const Meta meta{{"a\"b\\c", every}, {"b", ""}};
  std::string out;
  write_meta(meta, out);
  const Result<Meta> parsed = parse_meta(out);
  REQUIRE(parsed);
  REQUIRE(*parsed == meta);
}

TEST_CASE("a list is read in whichever way it is written") {
  const std::vector<std::string> wanted{"blue", "v2"};
  const std::string text = GENERATE(as<std::string>(), R"(["blue","v2"])", R"([ "blue", "v2" ])",
                                    R"(["bl\u0075e","v2"])", "\n[\"blue\",\n\"v2\"]\n");
  CAPTURE(text);
  REQUIRE(*parse_tags(text) == wanted);
  REQUIRE(parse_tags("[]")->empty());
  REQUIRE(parse_meta("{}")->empty());
}

TEST_CASE("text that is not the JSON of its column is refused by the column's name") {
  const std::string text = GENERATE(as<std::string>(), "", "[", "{}", "7", "null", "[7]", "[[]]", "[\"a\"] x",
                                    R"(["a"])"
                                    ",",
                                    R"(["a",])", R"(["a""b"])", R"(["a)", R"(["a","b)");
  CAPTURE(text);
  REQUIRE(parse_addresses(text).error().field == "addresses");
  REQUIRE(parse_tags(text).error().field == "tags");
}

TEST_CASE("meta that is not an object of strings is refused") {
  const std::string text = GENERATE(as<std::string>(), "", "{", "[]", R"({"a":1})", R"({"a":null})", R"({"a":"1"}})");
  CAPTURE(text);
  REQUIRE(parse_meta(text).error().field == "meta");
}

TEST_CASE("an address and a tag in a column keep the rules of a registration") {
  REQUIRE(parse_addresses(R"(["::"])").error().code == Errc::invalid);
  REQUIRE(parse_tags(R"(["a.b"])").error().code == Errc::invalid);
  REQUIRE(*parse_tags(R"(["V2"])") == std::vector<std::string>{"v2"});
}

}  // namespace rollcall::store
