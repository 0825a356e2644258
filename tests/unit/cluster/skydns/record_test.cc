// SkyDNS records: what is an instance, what is told instead, and that nothing in them can disturb.
#include "cluster/skydns/record.h"

#include "catch.h"
#include "unit/cluster/skydns/skydns_zones.h"

namespace rollcall::cluster {
namespace {

using testing::SkyZones;

Result<ReadRecord> read_web(std::string_view key, std::string_view value, LeaseNumber lease = 0) {
  const SkyZones zones;
  const std::string whole = "/skydns/internal/svc/web" + std::string(key);
  const auto place = place_of_record("/skydns", whole, zones);
  REQUIRE(place.has_value());
  REQUIRE(place->has_value());
  return read_record({.key = whole, .value = std::string(value), .lease = lease}, **place, 14);
}

registry::Registration instance_of(std::string_view key, std::string_view value, LeaseNumber lease = 0) {
  auto read = read_web(key, value, lease);
  if (!read) FAIL(read.error().message);
  return read->registration;
}

std::string refusal_of(std::string_view value) {
  const auto read = read_web("/x1", value);
  REQUIRE_FALSE(read.has_value());
  return read.error().message;
}

TEST_CASE("the labels of a record's key are those of its zone, then the service, then the instance") {
  const SkyZones zones;
  const auto place = place_of_record("/skydns", "/skydns/internal/svc/web/eu/x1", zones);
  REQUIRE(place.has_value());
  REQUIRE(place->has_value());
  CHECK((*place)->zone_name == "svc.internal");
  CHECK((*place)->service == "web");
  CHECK((*place)->below == std::vector<std::string>{"eu", "x1"});
}

TEST_CASE("a record belongs to the zone with the longest name") {
  const SkyZones zones;
  const auto place = place_of_record("/skydns", "/skydns/internal/svc/deep/web/x1", zones);
  REQUIRE(place->has_value());
  CHECK((*place)->zone_name == "deep.svc.internal");
  CHECK((*place)->service == "web");
}

TEST_CASE("records outside the zones that are served here are none of our business") {
  const SkyZones zones;
  const std::string key = GENERATE(as<std::string>(), "", "/", "/skydns", "/skydns/", "/skydns/internal",
                                   "/skydnsx/internal/svc/web/x1", "/other/internal/svc/web/x1", "/skydns/test/web/x1",
                                   "/skydns//internal/svc/web/x1", "/skydns/svc.internal/web/x1");
  CAPTURE(key);
  const auto place = place_of_record("/skydns", key, zones);
  REQUIRE(place.has_value());
  CHECK_FALSE(place->has_value());
  CHECK_FALSE(place_of_record("/skydns", "/skydns/internal/svc/" + std::string(600, 'x'), zones)->has_value());
}

TEST_CASE("what the zone file has to say is told as such") {
  const SkyZones zones;
  const std::string key =
      GENERATE(as<std::string>(), "/skydns/internal/svc", "/skydns/internal/svc/dns/ns/a",
               "/skydns/internal/svc/dns/apex/a", "/skydns/internal/svc/web//x1", "/skydns/internal/svc/web/");
  CAPTURE(key);
  CHECK_FALSE(place_of_record("/skydns", key, zones).has_value());
}

TEST_CASE("a record's fields are those of an instance") {
  const auto asked = instance_of(
      "/x1",
      R"({"host":"192.0.2.1","port":80,"priority":7,"weight":9,"ttl":60,"text":"version=4","group":"g1","mail":true,"targetstrip":1,"key":"/x"})");
  CHECK(asked.key.service.name == "web");
  CHECK(asked.key.id == "x1");
  CHECK(asked.addresses == std::vector{*IpAddress::parse("192.0.2.1")});
  CHECK(asked.port == 80);
  CHECK(asked.priority == 7);
  CHECK(asked.weight == 9);
  CHECK(asked.ttl == std::chrono::seconds(60));
  CHECK(asked.lease == registry::LeaseKind::ends_instance);
  CHECK(asked.meta ==
        std::vector<std::pair<std::string, std::string>>{{"version", "4"}, {"group", "g1"}, {"mail", "true"}});
  CHECK(asked.attributes == R"({"etcd":"/skydns/internal/svc/web/x1"})");
  CHECK(has_origin(asked.attributes));
}

TEST_CASE("what a record leaves out, or has as 0, is as usual on the roll") {
  const std::string value = GENERATE(as<std::string>(), R"({"host":"2001:db8::1"})",
                                     R"({"Host":"2001:db8::1","port":0,"priority":0,"weight":0,"ttl":0,"text":null})");
  const auto asked = instance_of("/x1", value);
  CHECK(asked.port == 0);
  CHECK(asked.priority == 1);
  CHECK(asked.weight == 1);
  CHECK(asked.lease == registry::LeaseKind::none);
  CHECK(asked.meta.empty());
}

TEST_CASE("a lease of etcd decides instead of the ttl") {
  const auto asked = instance_of("/x1", R"({"host":"192.0.2.1","port":80,"ttl":60})", 77);
  CHECK(asked.lease == registry::LeaseKind::none);
  CHECK(asked.ttl == std::chrono::milliseconds::zero());
}

TEST_CASE("deeper labels join the id, and are tags") {
  const auto asked = instance_of("/eu/Blue/_odd/x1", R"({"host":"192.0.2.1","port":80})");
  CHECK(asked.key.id == "x1._odd.Blue.eu");
  CHECK(asked.tags == std::vector<std::string>{"blue", "eu"});
}

TEST_CASE("a record without a deeper label has an id made of its address and port") {
  CHECK(instance_of("", R"({"host":"192.0.2.1","port":80})").key.id == "192.0.2.1-80");
}

TEST_CASE("values that are no instance have a sentence") {
  CHECK(refusal_of("not json").find("JSON") != std::string::npos);
  CHECK(refusal_of("[]").find("object") != std::string::npos);
  CHECK(refusal_of(R"({"text":"hello"})").find("host") != std::string::npos);
  CHECK(refusal_of(R"({"host":"www.example.net"})").find("www.example.net") != std::string::npos);
  CHECK(refusal_of(R"({"host":"0.0.0.0"})").find("host") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","port":"80"})").find("port") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","port":65536})").find("port") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","port":-1})").find("port") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","ttl":1e9})").find("ttl") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","ttl":86401})").find("ttl") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","mail":1})").find("mail") != std::string::npos);
  CHECK(refusal_of(R"({"host":"192.0.2.1","text":")" + std::string(300, 'x') + R"("})").find("meta") !=
        std::string::npos);
  CHECK(refusal_of(std::string(k_record_bytes_max + 1, ' ')).find("octets") != std::string::npos);
}

TEST_CASE("a mirror's record is known by its mark, and read by nobody") {
  CHECK(mirror_of(R"({"host":"192.0.2.1","port":80,"rollcall":"prod"})") == "prod");
  CHECK(mirror_of(R"({"host":"192.0.2.1","port":80,"text":"\"rollcall\""})").empty());
  CHECK(mirror_of("\"rollcall\"").empty());
  CHECK(read_web("/x1", R"({"rollcall":"prod"})")->mirrored_by == "prod");
}

TEST_CASE("the path of a service has the labels of its zone reversed") {
  CHECK(service_path("/skydns", "svc.internal", "web") == "/skydns/internal/svc/web/");
  CHECK(service_path("/a/b", "test", "web") == "/a/b/test/web/");
}

std::vector<MirrorRecord> mirrored(registry::Registration asked, const registry::Standing& standing = {},
                                   const std::string& service = "web", const std::string& id = "Host:1") {
  asked.key = {{registry::ZoneId{0}, service}, id};
  asked.port = 80;
  asked.ttl = std::chrono::seconds(15);
  const auto instance = registry::Instance::make(asked, standing, 1, registry::WallTime{}, registry::LeaseTime{});
  const std::string label = mirror_label(asked.key.service.ref(), testing::SkyZones());
  if (label.empty()) return {};
  return mirror(service_path("/skydns", "svc.internal", label), "prod", *instance);
}

TEST_CASE("a ready instance has a record for each of its addresses") {
  registry::Registration asked;
  asked.addresses = {*IpAddress::parse("192.0.2.1")};
  asked.priority = 3;
  const auto one = mirrored(asked);
  REQUIRE(one.size() == 1);
  CHECK(one[0].key == "/skydns/internal/svc/web/" + to_lower(registry::label_of("Host:1")));
  CHECK(one[0].value == R"({"host":"192.0.2.1","port":80,"priority":3,"weight":1,"ttl":1,"rollcall":"prod"})");
  asked.addresses.push_back(*IpAddress::parse("2001:db8::1"));
  const auto both = mirrored(asked);
  REQUIRE(both.size() == 2);
  CHECK(both[0].key == one[0].key + "/1");
  CHECK(both[1].key == one[0].key + "/2");
  CHECK(mirror_of(both[1].value) == "prod");
}

std::string label_at(const std::string& service) {
  return mirror_label({registry::ZoneId{0}, service}, testing::SkyZones());
}

TEST_CASE("a service of a free name is mirrored below its label in the DNS, or not at all") {
  registry::Registration asked;
  asked.addresses = {*IpAddress::parse("192.0.2.1")};
  CHECK(label_at("web") == "web");
  CHECK(label_at("my_web-2") == "my_web-2");
  for (const std::string& name : std::vector<std::string>{"order.system", "..", "a/b.c", std::string(64, 'a')}) {
    const std::string label = label_at(name);
    CHECK(label == registry::service_label_of(name));
    REQUIRE(mirrored(asked, {}, name, "x1").size() == 1);
    CHECK(mirrored(asked, {}, name, "x1")[0].key == "/skydns/internal/svc/" + label + "/x1");
  }
  // CoreDNS looks for these under other keys, or under those of another service.
  for (const std::string name : {"a/b", "my web", "caf\xc3\xa9", "a\\b", "a%b", "/"}) {
    CHECK(label_at(name).empty());
    CHECK(mirrored(asked, {}, name, "x1").empty());
  }
  CHECK(label_at("taken") == registry::derived_label_of("taken"));  // the zone file keeps its name
  CHECK(label_at("_tcp") == registry::derived_label_of("_tcp"));
  CHECK(mirrored(asked, {}, "dns", "ns").empty());
  CHECK(mirrored(asked, {}, "dns", "Apex").empty());
  CHECK(mirrored(asked, {}, "dns", "resolver").size() == 1);
}

TEST_CASE("what is not ready, or comes from a record itself, is not mirrored") {
  registry::Registration asked;
  asked.addresses = {*IpAddress::parse("192.0.2.1")};
  CHECK(mirrored(asked, registry::Status::draining).empty());
  CHECK(mirrored(asked, registry::Status::critical).empty());
  asked.attributes = origin_of("/skydns/internal/svc/web/x1");
  CHECK(mirrored(asked).empty());
}

}  // namespace
}  // namespace rollcall::cluster
