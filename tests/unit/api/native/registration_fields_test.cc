// Each field of a registration at its bound, and one beyond.
#include <fmt/format.h>
#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;

// A registration in which `fields` come first.
std::string with(const std::string& fields) {
  std::string body = "{" + fields;
  const auto add = [&](const char* name, const char* value) {
    if (fields.find(fmt::format("\"{}", name)) == std::string::npos) body += fmt::format(",\"{}\":{}", name, value);
  };
  add("service", "\"web\"");
  add("address", "\"192.0.2.1\"");
  add("port", "80");
  return body + "}";
}

// "ok", or what the problem says. Nothing may be stored then.
std::string outcome_of(const std::string& fields) {
  World world;
  const Response response = world.post("/v1/heartbeat", with(fields));
  if (response.status == 201) return "ok";
  CHECK_FALSE(world.was_submitted);
  CHECK(world.journal.records == 0);
  CHECK(world.registry.counts().instances == 0);
  return problem_of(response);
}

std::string list_of(std::size_t count, const char* format) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += fmt::format("{}\"{}{}\"", i == 0 ? "" : ",", format, i + 1);
  return list + "]";
}

std::string wrong(const char* field) { return fmt::format("400 invalid_field {}", field); }

TEST_CASE("a service's name is a label of at most 63 octets") {
  CHECK(outcome_of(fmt::format(R"("service":"{}")", std::string(63, 'a'))) == "ok");
  CHECK(outcome_of(fmt::format(R"("service":"{}")", std::string(64, 'a'))) == wrong("service"));
  for (const char* name : {"", "-a", "a-", "a_b", "a.b", "ä", "a b", "*"}) {
    CHECK(outcome_of(fmt::format(R"("service":"{}")", name)) == wrong("service"));
  }
  CHECK(outcome_of(R"("service":7)") == wrong("service"));
  CHECK(outcome_of(R"("service":null)") == wrong("service"));
}

TEST_CASE("an id has at most 128 characters, whatever their bytes") {
  CHECK(outcome_of(fmt::format(R"("id":"{}")", std::string(128, 'i'))) == "ok");
  CHECK(outcome_of(fmt::format(R"("id":"{}")", std::string(129, 'i'))) == wrong("id"));
  std::string umlauts;
  for (int i = 0; i < 128; ++i) umlauts += "ä";
  CHECK(outcome_of(fmt::format(R"("id":"{}")", umlauts)) == "ok");
  CHECK(outcome_of(fmt::format(R"("id":"{}ä")", umlauts)) == wrong("id"));
  for (const char* id : {"", "a b", "a/b", "\\u0007", "\\u007f", "\\t"}) {
    CHECK(outcome_of(fmt::format(R"("id":"{}")", id)) == wrong("id"));
  }
}

TEST_CASE("an address is one a client can be sent to") {
  for (const char* address : {"192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"}) {
    CHECK(outcome_of(fmt::format(R"("address":"{}")", address)) == "ok");
  }
  for (const char* address : {"", "web", "0.0.0.0", "::", "224.0.0.1", "239.255.255.255", "ff02::1", "255.255.255.255",
                              "192.0.2.256", "192.0.2", "192.0.2.1:80", "[2001:db8::1]", "fe80::1%eth0", "::0.0.0.0"}) {
    CAPTURE(address);
    CHECK(outcome_of(fmt::format(R"("address":"{}")", address)) == wrong("address"));
  }
  CHECK(outcome_of(R"("address":["192.0.2.1"])") == wrong("address"));
}

TEST_CASE("an instance has at most 32 addresses, and the first is its address") {
  CHECK(outcome_of(R"("addresses":)" + list_of(32, "192.0.2.")) == "ok");
  CHECK(outcome_of(R"("addresses":)" + list_of(33, "192.0.2.")) == wrong("addresses"));
  CHECK(outcome_of(R"("addresses":[])") == wrong("addresses"));
  CHECK(outcome_of(R"("addresses":"192.0.2.1")") == wrong("addresses"));
  CHECK(outcome_of(R"("addresses":["192.0.2.1","0.0.0.0"])") == wrong("addresses[1]"));
  CHECK(outcome_of(R"("addresses":["192.0.2.1",7])") == wrong("addresses[1]"));
  CHECK(outcome_of(R"("address":"192.0.2.1","addresses":["192.0.2.1","2001:db8::1"])") == "ok");
  CHECK(outcome_of(R"("address":"2001:db8::1","addresses":["192.0.2.1","2001:db8::1"])") == wrong("address"));
}

TEST_CASE("numbers are integers within their bounds") {
  // "80.0" is how some encoders write 80: JSON has one kind of number.
  for (const char* port : {"1", "65535", "80.0", "8e1", "65535.0"})
    CHECK(outcome_of(fmt::format(R"("port":{})", port)) == "ok");
  for (const char* port : {"0", "65536", "-1", "80.5", "8e9", "\"80\"", "true", "null", "1e9", "9223372036854775808",
                           "-9223372036854775809", "[80]"}) {
    CAPTURE(port);
    CHECK(outcome_of(fmt::format(R"("port":{})", port)) == wrong("port"));
  }
  for (const char* name : {"priority", "weight"}) {
    CHECK(outcome_of(fmt::format(R"("{}":0)", name)) == "ok");
    CHECK(outcome_of(fmt::format(R"("{}":65535)", name)) == "ok");
    CHECK(outcome_of(fmt::format(R"("{}":65536)", name)) == wrong(name));
    CHECK(outcome_of(fmt::format(R"("{}":-1)", name)) == wrong(name));
  }
}

TEST_CASE("a protocol is tcp or udp") {
  CHECK(outcome_of(R"("protocol":"tcp")") == "ok");
  CHECK(outcome_of(R"("protocol":"udp")") == "ok");
  CHECK(outcome_of(R"("protocol":"TCP")") == wrong("protocol"));
  CHECK(outcome_of(R"("protocol":6)") == wrong("protocol"));
}

TEST_CASE("an instance has at most 64 tags, each a label") {
  CHECK(outcome_of(R"("tags":)" + list_of(64, "t")) == "ok");
  CHECK(outcome_of(R"("tags":)" + list_of(65, "t")) == wrong("tags"));
  CHECK(outcome_of(R"("tags":[])") == "ok");
  CHECK(outcome_of(R"("tags":["a","b","c_d"])") == wrong("tags[2]"));
  CHECK(outcome_of(R"("tags":["a",null])") == wrong("tags[1]"));
  CHECK(outcome_of(R"("tags":"a")") == wrong("tags"));
}

TEST_CASE("meta has at most 1300 bytes of keys and values, and keys of at most 64") {
  const auto six_and = [](std::size_t rest) {
    std::string meta;
    for (int i = 0; i < 6; ++i) meta += fmt::format(R"("{}":"{}",)", i, std::string(199, 'v'));
    return fmt::format(R"("meta":{{{}"k":"{}"}})", meta, std::string(rest, 'v'));
  };
  CHECK(outcome_of(six_and(99)) == "ok");
  CHECK(outcome_of(six_and(100)) == wrong("meta"));
  CHECK(outcome_of(fmt::format(R"("meta":{{"key":"{}"}})", std::string(251, 'v'))) == "ok");
  CHECK(outcome_of(fmt::format(R"("meta":{{"key":"{}"}})", std::string(252, 'v'))) == wrong("meta.key"));
  CHECK(outcome_of(R"("meta":{"Key":"1","key":"2"})") == wrong("meta.key"));
  const std::string key(64, 'k');
  CHECK(outcome_of(fmt::format(R"("meta":{{"{}":""}})", key)) == "ok");
  CHECK(outcome_of(fmt::format(R"("meta":{{"{}k":""}})", key)).starts_with("400 invalid_field meta.kkk"));
  CHECK(outcome_of(R"("meta":{"version":2})") == wrong("meta.version"));
  CHECK(outcome_of(R"("meta":["version"])") == wrong("meta"));
  CHECK(outcome_of(R"("meta":{"a=b":""})") == wrong("meta.a=b"));
  CHECK(outcome_of(R"("meta":{"v":"1","v":"1"})") == wrong("meta.v"));
}

TEST_CASE("a lease is from one second to a day") {
  for (const char* ttl : {"1", "86400", "\"1s\"", "\"24h\"", "\"1000ms\"", "\"1m30s\"", "\"1d\"", "15.0"}) {
    CAPTURE(ttl);
    CHECK(outcome_of(fmt::format(R"("ttl":{})", ttl)) == "ok");
  }
  for (const char* ttl : {"0", "-15", "86401", "\"999ms\"", "\"24h1ms\"", "\"\"", "\"15\"", "\"-1s\"", "1.5",
                          "9223372036854775807", "18446744073709551615", "[15]", "\"15s \""}) {
    CAPTURE(ttl);
    CHECK(outcome_of(fmt::format(R"("ttl":{})", ttl)) == wrong("ttl"));
  }
}

TEST_CASE("null stands for a field that is left out") {
  for (const char* name : {"id", "zone", "protocol", "priority", "weight", "tags", "meta", "ttl", "checks", "probe",
                           "evict_on_refusal", "renew_on_probe", "initial", "rise", "fall"}) {
    CAPTURE(name);
    CHECK(outcome_of(fmt::format(R"("{}":null)", name)) == "ok");
  }
  CHECK(outcome_of(R"("address":null,"addresses":["192.0.2.1"])") == "ok");
  CHECK(outcome_of(R"("address":"192.0.2.1","addresses":null)") == "ok");
  CHECK(outcome_of(R"("nonsense":null)") == wrong("nonsense"));
  CHECK(outcome_of(R"("address":null)") == wrong("address"));
}

TEST_CASE("null stands for a field that is left out of a check or a probe") {
  const auto check_with = [](std::string_view type, std::string_view field) {
    return outcome_of(
        fmt::format(R"("address":"192.0.2.1","port":80,"checks":[{{"type":"{}","{}":null}}])", type, field));
  };
  for (const char* name : {"interval", "timeout", "rise", "fall", "port", "address"})
    CHECK(check_with("tcp", name) == "ok");
  for (const char* name : {"path", "host", "method", "expect_status", "expect_body"}) {
    CHECK(check_with("http", name) == "ok");
  }
  CHECK(outcome_of(R"("checks":[{"type":"dns","name":"a.test","qtype":null}])") == "ok");
  CHECK(outcome_of(R"("checks":[{"type":"tcp","interval":"1s","timeout":null}])") == "ok");
  CHECK(outcome_of(R"("port":80,"probe":{"type":"tcp","port":null,"timeout":null})") == "ok");
  CHECK(check_with("tcp", "path") == wrong("checks[0].path"));
  CHECK(check_with("dns", "name") == wrong("checks[0].name"));
  CHECK(outcome_of(R"("checks":[{"type":null}])") == wrong("checks[0].type"));
  CHECK(outcome_of(R"("checks":[null])") == wrong("checks[0]"));
}

TEST_CASE("tcp and udp on one port are two instances, whatever is sent again") {
  World world;
  for (int beat = 0; beat < 2; ++beat) {
    for (const char* protocol : {"tcp", "udp"}) {
      const auto answer = world.post("/v1/heartbeat", with(fmt::format(R"("protocol":"{}")", protocol)));
      CHECK(answer.status == (beat == 0 ? 201 : 200));
    }
  }
  CHECK(world.registry.counts().instances == 2);
  CHECK(world.registry.counts().index == 2);
}

TEST_CASE("the bounds and the default of a lease are those of the settings") {
  World world;
  world.server.bounds = {std::chrono::seconds(7), std::chrono::seconds(5), std::chrono::seconds(9)};
  CHECK(problem_of(world.post("/v1/heartbeat", with(R"("ttl":10)"))) == wrong("ttl"));
  CHECK(number_of(parse(world.post("/v1/heartbeat", with(R"("id":"a")"))), "ttl_ms") == 7000);
}

TEST_CASE("what must be there is asked for") {
  World world;
  CHECK(problem_of(world.post("/v1/heartbeat", R"({"address":"192.0.2.1","port":80})")) == wrong("service"));
  CHECK(problem_of(world.post("/v1/heartbeat", R"({"service":"web","port":80})")) == wrong("address"));
  const Response without_port = world.post("/v1/heartbeat", R"({"service":"web","address":"192.0.2.1"})");
  CHECK(problem_of(without_port) == wrong("port"));
  CHECK(detail_of(without_port) == "port is required: an integer from 1 to 65535");
}

TEST_CASE("a field nobody knows is named, with those there are") {
  CHECK(outcome_of(R"("prot":80)") == wrong("prot"));
  CHECK(outcome_of(R"("Port":80)") == wrong("Port"));
  World world;
  const std::string detail = detail_of(world.post("/v1/heartbeat", with(R"("prot":80)")));
  CHECK(detail.starts_with("unknown field \"prot\"; a registration has service, id, zone,"));
  CHECK(outcome_of(fmt::format(R"("{}":80)", std::string(5000, 'x'))) == wrong(std::string(64, 'x').c_str()));
}

TEST_CASE("a body cut anywhere is bad JSON, and nothing is stored") {
  const std::string whole =
      R"({"service":"web","id":"i-1","addresses":["192.0.2.1","2001:db8::1"],"port":8080,"protocol":"tcp",)"
      R"("priority":1,"weight":5,"tags":["blue","v\u0031"],"meta":{"version":"1.2","x":"\ud83c\udf89"},"ttl":"1m30s"})";
  World world;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Response response = world.post("/v1/heartbeat", std::string_view(whole).substr(0, length));
    CAPTURE(length);
    CHECK(problem_of(response) == "400 bad_json");
    CHECK_FALSE(world.was_submitted);
  }
  CHECK(world.journal.records == 0);
  CHECK(world.post("/v1/heartbeat", whole).status == 201);
}

TEST_CASE("a body with any one byte broken never does more than fail") {
  const std::string whole = with(R"("id":"i-1","tags":["blue"],"meta":{"version":"1.2"},"ttl":"30s")");
  World world;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char broken : {'\0', '"', '\\', '\xff', '{', '9'}) {
      std::string body = whole;
      body[i] = broken;
      const Response response = world.post("/v1/heartbeat", body);
      CHECK((response.status == 200 || response.status == 201 || response.status == 400 || response.status == 409));
      CHECK_NOTHROW(parse(response));
    }
  }
}

}  // namespace
}  // namespace rollcall::api::native
