#include "json/body.h"

#include <fmt/format.h>
#include <string>

#include "base/limits.h"
#include "catch.h"

namespace rollcall::json {
namespace {

Error error_of(std::string_view body) {
  const auto parsed = parse_object(body, "an object");
  REQUIRE_FALSE(parsed.has_value());
  return parsed.error();
}

std::string nested(std::size_t depth) {
  std::string text = "{\"a\":";
  for (std::size_t i = 1; i < depth; ++i) text += '[';
  text += '1';
  for (std::size_t i = 1; i < depth; ++i) text += ']';
  return text + '}';
}

TEST_CASE("an object is read with everything in it") {
  const auto parsed = parse_object(R"( {"a":1,"b":[true,null,-2.5,18446744073709551615],"c":{"d":"\u00e4"}} )", "");
  REQUIRE(parsed.has_value());
  CHECK(parsed->at("a") == 1);
  CHECK(parsed->at("b").as_array().size() == 4);
  CHECK(parsed->at("c").at("d").as_string() == "ä");
}

TEST_CASE("bad JSON is refused with the byte where it stops being JSON") {
  CHECK(error_of(R"({"port": x})").message == "bad JSON at byte 9: this is no JSON");
  CHECK(error_of(R"({"port": 1)").message == "bad JSON at byte 10: it ends too early");
  CHECK(error_of(R"({"port":1} 2)").message == "bad JSON at byte 11: something follows the object");
  CHECK(error_of(R"({"a":1,})").message == "bad JSON at byte 7: this is no JSON");
  CHECK(error_of("{'a':1}").message == "bad JSON at byte 1: this is no JSON");
  CHECK(error_of(R"(/* */{"a":1})").code == Errc::malformed);
  CHECK(error_of("{\"a\":\"\xff\"}").code == Errc::malformed);
  CHECK(error_of(std::string_view("{\0}", 3)).code == Errc::malformed);
}

TEST_CASE("a body that is empty, or no object, is told what it must be") {
  CHECK(error_of("").message == "the body is empty; it must be an object");
  CHECK(error_of(" \r\n\t").message == "the body is empty; it must be an object");
  for (const char* body : {"[]", "1", "\"{}\"", "null"}) CHECK(error_of(body).message == "the body must be an object");
}

TEST_CASE("nesting is bounded") {
  CHECK(parse_object(nested(limits::k_json_depth_max), "").has_value());
  CHECK(error_of(nested(limits::k_json_depth_max + 1)).message.ends_with("it is nested too deeply"));
  CHECK(error_of(std::string(60'000, '[')).message.ends_with("it is nested too deeply"));
}

TEST_CASE("a name that comes twice is refused with its path") {
  CHECK(error_of(R"({"port":1,"a":2,"port":1})").field == "port");
  CHECK(error_of(R"({"port":1,"p\u006frt":1})").field == "port");
  CHECK(error_of(R"({"meta":{"v":"1","w":"","v":"2"}})").field == "meta.v");
  CHECK(error_of(R"({"a":[1,{"id":1},[2],{"id":1,"id":2}]})").field == "a[3].id");
  CHECK(error_of(R"({"a":[[{"id":1,"id":2}]]})").field == "a[0][0].id");
  CHECK(error_of(R"({"":1,"x":{"":1,"":2}})").field == "x.");
  CHECK(parse_object(R"({"a":{"id":1},"b":{"id":1},"id":[{"id":1},{"id":1}]})", "").has_value());
}

TEST_CASE("many names in one object cost no more than sorting them") {
  std::string body = "{";
  for (int i = 0; i < 5000; ++i) body += fmt::format("\"k{}\":{},", i, i);
  CHECK(parse_object(body + "\"k\":1}", "").has_value());
  CHECK(error_of(body + "\"k77\":1}").field == "k77");
}

}  // namespace
}  // namespace rollcall::json
