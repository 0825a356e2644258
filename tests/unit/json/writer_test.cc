#include "json/writer.h"

#include <boost/json/parse.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "catch.h"

namespace rollcall::json {
namespace {

TEST_CASE("commas stand between values and nowhere else") {
  Writer json;
  json.open_object().member("a", 1).name("b").open_array().close_array().name("c").open_array().value("x").value(2);
  json.open_object().close_object().open_object().member("d", "").close_object().close_array();
  json.name("e").raw("[1,2]").member("f", std::numeric_limits<std::uint64_t>::max());
  json.member("g", std::numeric_limits<std::int64_t>::min()).close_object();
  CHECK(json.take() ==
        R"({"a":1,"b":[],"c":["x",2,{},{"d":""}],"e":[1,2],"f":18446744073709551615,"g":-9223372036854775808})");
}

TEST_CASE("every text survives being written and read") {
  std::string all;
  for (char c = 0; c < 0x7f; ++c) all += c;
  for (const std::string& text : {all, std::string("a\"b\\c"), std::string("ends in ["), std::string("{:["),
                                  std::string("Müller \xf0\x9f\x8e\x89"), std::string(), std::string("\x7f")}) {
    Writer json;
    json.open_object().text_name(text).value(text).member("after", text).close_object();
    const boost::json::value read = boost::json::parse(json.take());
    CHECK(std::string(read.as_object().begin()->key()) == text);
    CHECK(std::string(read.at(text).as_string()) == text);
    CHECK(std::string(read.at("after").as_string()) == text);
  }
}

}  // namespace
}  // namespace rollcall::json
