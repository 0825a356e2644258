#include "registry/instance/registration.h"

#include <string>
#include <string_view>

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;
using testing::registration;

// "ok", or the field that is wrong.
std::string verdict(const auto& result) {
  if (result) return "ok";
  if (result.error().code != Errc::invalid || result.error().message.empty()) return "not a plain mistake";
  return result.error().field;
}
std::string id_verdict(std::string_view text) { return verdict(parse_instance_id(text)); }
std::string address_verdict(std::string_view text) { return verdict(parse_instance_address(text, "address")); }
std::string normal_verdict(Registration draft, std::size_t apex_bytes = 14) {
  return verdict(normalise(std::move(draft), {}, apex_bytes));
}

TEST_CASE("a service's name is a host-name label, folded to lower case") {
  CHECK(*parse_label("web", "service") == "web");
  CHECK(*parse_label("WEB-2", "service") == "web-2");
  CHECK(*parse_label("7", "service") == "7");
  CHECK(*parse_label("a--b", "service") == "a--b");
  CHECK(*parse_label(std::string(63, 'A'), "service") == std::string(63, 'a'));
}

TEST_CASE("what is no host-name label is refused with the field it came in") {
  for (const std::string& text :
       {std::string(), std::string(64, 'a'), std::string("-web"), std::string("web-"), std::string("-"),
        std::string("web_1"), std::string("a.b"), std::string("a b"), std::string("a/b"), std::string("*"),
        std::string("h\xc3\xa4user"), std::string("web\n"), std::string("web\0", 4), std::string("\x7f")}) {
    const auto parsed = parse_label(text, "tags[2]");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().field == "tags[2]");
    CHECK(parsed.error().message.starts_with("tags[2] must be a DNS label"));
    CHECK(parsed.error().message.find_first_of("\n\x7f") == std::string::npos);
  }
}

TEST_CASE("an id has 1 to 128 printable characters without space and slash") {
  CHECK(id_verdict("i") == "ok");
  CHECK(id_verdict("!\"#$%&'()*+,-.:;<=>?@[\\]^_`{|}~") == "ok");
  CHECK(id_verdict("") == "id");
  CHECK(id_verdict(std::string(128, 'i')) == "ok");
  CHECK(id_verdict(std::string(129, 'i')) == "id");
  for (const std::string_view text : {"a b", "a/b", "/", " ", "a\tb", "a\nb", "a\x7f", "\x1f"}) {
    CHECK(id_verdict(text) == "id");
  }
  CHECK(id_verdict(std::string_view("a\0b", 3)) == "id");
}

TEST_CASE("an id counts characters, not octets") {
  std::string text;
  for (int i = 0; i < 128; ++i) text += "\xe6\x97\xa5";
  CHECK(id_verdict(text) == "ok");
  CHECK(id_verdict(text + "x") == "id");
}

TEST_CASE("an id is well-formed UTF-8 without controls and spaces of Latin-1") {
  CHECK(id_verdict("\xc2\xa1") == "ok");          // U+00A1, the first after the space
  CHECK(id_verdict("\xc2\xa0") == "id");          // no-break space
  CHECK(id_verdict("\xc2\x85") == "id");          // next line, a C1 control
  CHECK(id_verdict("\xdf\xbf") == "ok");          // the last of two octets
  CHECK(id_verdict("\xe0\xa0\x80") == "ok");      // the first of three
  CHECK(id_verdict("\xe0\x9f\xbf") == "id");      // overlong
  CHECK(id_verdict("\xed\x9f\xbf") == "ok");      // the last before the surrogates
  CHECK(id_verdict("\xed\xa0\x80") == "id");      // a surrogate
  CHECK(id_verdict("\xee\x80\x80") == "ok");      // the first after them
  CHECK(id_verdict("\xf0\x90\x80\x80") == "ok");  // the first of four
  CHECK(id_verdict("\xf0\x8f\xbf\xbf") == "id");  // overlong
  CHECK(id_verdict("\xf4\x8f\xbf\xbf") == "ok");  // U+10FFFF
  CHECK(id_verdict("\xf4\x90\x80\x80") == "id");  // past it
  CHECK(id_verdict("\xc0\xaf") == "id");          // '/' in disguise
  CHECK(id_verdict("\xc1\xbf") == "id");
  CHECK(id_verdict("\x80") == "id");  // a tail alone
  CHECK(id_verdict("\xff") == "id");
  for (const std::string_view cut : {"a\xc2", "a\xe6\x97", "a\xf0\x90\x80"}) CHECK(id_verdict(cut) == "id");
}

TEST_CASE("an address is one host's") {
  for (const std::string_view text : {"192.0.2.1", "127.0.0.1", "2001:db8::1", "::1", "0.0.0.1", "223.255.255.255",
                                      "240.0.0.1", "fe80::1", "::ffff:192.0.2.1"}) {
    CHECK(address_verdict(text) == "ok");
  }
  for (const std::string_view text :
       {"", "0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.0", "239.255.255.255", "255.255.255.255", "ff00::", "ff02::1",
        "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.01", "0xc0.0.2.1", "web", "[::1]", "fe80::1%eth0",
        "192.0.2.1:80", "1::2::3"}) {
    INFO(text);
    CHECK(address_verdict(text) == "address");
  }
  CHECK(parse_instance_address("::ffff:192.0.2.1", "address")->is_v4());
}

TEST_CASE("a registration without an id has address and port for one") {
  CHECK(default_instance_id(*IpAddress::parse("192.0.2.1"), 8080, Protocol::tcp) == "192.0.2.1-8080");
  CHECK(default_instance_id(*IpAddress::parse("2001:DB8:0::1"), 1, Protocol::tcp) == "2001:db8::1-1");
}

TEST_CASE("tcp and udp on one port of a host are two instances by default") {
  CHECK(default_instance_id(*IpAddress::parse("192.0.2.1"), 53, Protocol::udp) == "192.0.2.1-53-udp");
  CHECK(default_instance_id(*IpAddress::parse("2001:db8::1"), 53, Protocol::udp) == "2001:db8::1-53-udp");
}

TEST_CASE("a registration needs a port and an address") {
  Registration draft = registration("web", "i-1");
  CHECK(normal_verdict(draft) == "ok");
  draft.port = 0;
  CHECK(normal_verdict(draft) == "port");
  draft = registration("web", "i-1");
  draft.addresses.clear();
  CHECK(normal_verdict(draft) == "address");
}

TEST_CASE("a registration has at most 32 different addresses") {
  Registration draft = registration("web", "i-1");
  draft.addresses.clear();
  for (int i = 0; i < 32; ++i) draft.addresses.push_back(*IpAddress::parse("192.0.2." + std::to_string(i)));
  CHECK(normal_verdict(draft) == "ok");
  draft.addresses.push_back(draft.addresses.front());
  CHECK(normal_verdict(draft) == "ok");  // a repeat
  draft.addresses.push_back(*IpAddress::parse("2001:db8::1"));
  CHECK(normal_verdict(draft) == "addresses");
}

TEST_CASE("a registration has at most 64 different tags") {
  Registration draft = registration("web", "i-1");
  for (int i = 0; i < 64; ++i) draft.tags.push_back("t" + std::to_string(i));
  draft.tags.emplace_back("t0");
  CHECK(normal_verdict(draft) == "ok");
  draft.tags.emplace_back("t64");
  CHECK(normal_verdict(draft) == "tags");
}

TEST_CASE("meta has keys that a TXT record can carry, and 1300 bytes") {
  Registration draft = registration("web", "i-1");
  const auto with = [&](std::string name, std::string value) {
    Registration copy = draft;
    copy.meta.emplace_back(std::move(name), std::move(value));
    return copy;
  };
  CHECK(normal_verdict(with("version", "1")) == "ok");
  CHECK(normal_verdict(with("version", "")) == "ok");
  CHECK(normal_verdict(with(std::string(64, 'k'), "v")) == "ok");
  CHECK(normal_verdict(with(std::string(65, 'k'), "v")) == "meta." + std::string(65, 'k'));
  CHECK(normal_verdict(with("", "v")) == "meta.");
  for (const std::string name : {"a=b", "a\x1f", "a\x7f", "\xc3\xa4"}) {
    CHECK(normal_verdict(with(name, "v")) == "meta." + name);
  }
  CHECK(normal_verdict(with(" ~", "v")) == "ok");
  for (int i = 0; i < 6; ++i) draft.meta.emplace_back(std::to_string(i), std::string(199, 'v'));
  CHECK(normal_verdict(with("b", std::string(99, 'v'))) == "ok");
  CHECK(normal_verdict(with("b", std::string(100, 'v'))) == "meta");
}

TEST_CASE("a pair that no string of a TXT record can carry is refused, and its key named") {
  Registration draft = registration("web", "i-1");
  draft.meta = {{"a", "1"}, {"motd", std::string(250, 'v')}};
  CHECK(normal_verdict(draft) == "ok");  // 4 + 1 + 250 octets
  draft.meta[1].second += 'v';
  CHECK(normal_verdict(draft) == "meta.motd");
  draft.meta = {{"k", std::string(253, 'v')}};
  CHECK(normal_verdict(draft) == "ok");
}

TEST_CASE("keys of meta that are equal but for case are refused, and the later one named") {
  Registration draft = registration("web", "i-1");
  draft.meta = {{"Path", "/a"}, {"x", "1"}, {"pATH", "/b"}};
  CHECK(normal_verdict(draft) == "meta.pATH");
  draft.meta = {{"path", "/a"}, {"path2", "/b"}};
  CHECK(normal_verdict(draft) == "ok");
}

TEST_CASE("txtvers is the first of meta, and the rest keeps the client's order") {
  Registration draft = registration("web", "i-1");
  draft.meta = {{"z", "1"}, {"a", "2"}, {"TXTVERS", "1"}, {"m", "3"}};
  const std::vector<std::pair<std::string, std::string>> expected{{"TXTVERS", "1"}, {"z", "1"}, {"a", "2"}, {"m", "3"}};
  CHECK(normalise(draft, {}, 14)->meta == expected);
}

TEST_CASE("meta in another order is no change: a heartbeat from a map without an order stays one") {
  Registration one = registration("web", "i-1");
  one.meta = {{"a", "1"}, {"b", "2"}};
  Registration other = one;
  std::swap(other.meta[0], other.meta[1]);
  CHECK(means_the_same(one, other));
  CHECK(Instance::make(one, {}, 1, {}, LeaseTime{})->is_as(other));
  other.meta[0].second = "3";
  CHECK_FALSE(means_the_same(one, other));
  CHECK_FALSE(Instance::make(one, {}, 1, {}, LeaseTime{})->is_as(other));
}

TEST_CASE("a lease is between its bounds") {
  Registration draft = registration("web", "i-1");
  for (const auto& [ttl, is_good] :
       {std::pair(999ms, false), std::pair(1000ms, true), std::pair(std::chrono::milliseconds(24h), true),
        std::pair(24h + 1ms, false), std::pair(0ms, false), std::pair(-1ms, false)}) {
    draft.ttl = ttl;
    CHECK(normal_verdict(draft) == (is_good ? "ok" : "ttl"));
  }
  const LeaseBounds bounds{.standard = 5s, .min = 2s, .max = 10s};
  draft.ttl = 1999ms;
  CHECK(verdict(normalise(draft, bounds, 14)) == "ttl");
  draft.ttl = 10s;
  CHECK(verdict(normalise(draft, bounds, 14)) == "ok");
}

TEST_CASE("an instance's longest name has at most 255 octets") {
  const std::string label(63, 'a');
  // 64 for the id's label, 65 for _service, 5 for _tcp.
  CHECK(normal_verdict(registration(label, label), 121) == "ok");
  CHECK(normal_verdict(registration(label, label), 122) == "id");
  // A derived label counts as it is.
  CHECK(normal_verdict(registration(label, std::string(128, 'a')), 121) == "ok");
  CHECK(normal_verdict(registration(label, std::string(128, 'a')), 122) == "id");
  CHECK(normal_verdict(registration("b", "a"), 245) == "ok");
  CHECK(normal_verdict(registration("b", "a"), 246) == "id");
}

TEST_CASE("registrations that mean the same are equal once normalised") {
  Registration one = registration("web", "i-1");
  one.addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1"), *IpAddress::parse("192.0.2.1")};
  one.tags = {"green", "blue", "green"};
  one.meta = {{"a", "1"}, {"b", "2"}};
  Registration other = registration("web", "i-1");
  other.addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")};
  other.tags = {"blue", "green"};
  other.meta = {{"a", "1"}, {"b", "2"}};
  CHECK(*normalise(one, {}, 14) == *normalise(other, {}, 14));
  std::swap(other.addresses[0], other.addresses[1]);  // the order of addresses is the client's word
  CHECK(*normalise(one, {}, 14) != *normalise(other, {}, 14));
}

}  // namespace
}  // namespace rollcall::registry
