// What the labels of one of Consul's names say.
#include "answer/consul/consul_question.h"

#include <string>

#include "catch.h"

namespace rollcall::answer {
namespace {

using Kind = ConsulQuestion::Kind;

struct Read {
  dns::QuestionName name;
  ConsulQuestion asked;
};

Read read(const std::string& own) {
  static const ConsulDatacenters datacenters(
      {dns::Name::parse("dc1"), dns::Name::parse("lab.example"), std::nullopt, dns::Name::parse("service.example")});
  Read read;
  const dns::Name name = *dns::Name::parse(own + ".consul");
  CHECK(read.name.read(name.wire()));
  read.asked = datacenters.parse(read.name, name.label_count() - 1);
  return read;
}
Kind kind(const std::string& own) { return read(own).asked.kind; }
unsigned zone(const std::string& own) { return static_cast<unsigned>(read(own).asked.zone); }

TEST_CASE("a service is asked for with and without a datacenter, and with the label dc behind it") {
  for (const char* own : {"web.service", "web.service.dc1", "web.service.dc1.dc", "WEB.Service.DC1"}) {
    CAPTURE(own);
    const Read name = read(own);
    CHECK(name.asked.kind == Kind::service);
    CHECK(name.asked.name == "web");
    CHECK(name.asked.tags.empty());
    CHECK(static_cast<unsigned>(name.asked.zone) == 0);
  }
  for (const char* own : {"web.service.lab.example", "web.service.lab.example.dc", "_web._tcp.lab.example"}) {
    CAPTURE(own);
    CHECK(kind(own) == Kind::service);
    CHECK(zone(own) == 1);
  }
  CHECK(zone("web.service.service.example") == 3);
}

TEST_CASE("an unknown datacenter, and the names of mesh and Enterprise, are nothing") {
  for (const char* own : {"web.service.dc2", "web.service.dc2.dc", "web.service.example.lab", "web.connect",
                          "web.ingress", "web.virtual", "web.service.x.peer", "web.service.x.ap", "web.service.x.ns",
                          "web.service.x.sg", "web", "a.b", "web.service.dc.dc1", "web.service.dc1.dc1"}) {
    CAPTURE(own);
    CHECK(kind(own) == Kind::nothing);
  }
}

TEST_CASE("names that others are below are empty (RFC 8020 2)") {
  for (const char* own : {"service", "node", "addr", "query", "dc", "dc1", "dc1.dc", "service.dc1", "node.dc1.dc",
                          "example", "lab.example", "example.dc", "_tcp", "_tcp.dc1", "service.example"}) {
    CAPTURE(own);
    CHECK(kind(own) == Kind::empty);
  }
  for (const char* own : {"_tcp.service", "_http.service.dc1"}) {
    CAPTURE(own);
    CHECK(read(own).asked.may_have_below);
  }
}

TEST_CASE("RFC 2782 names have a tag in the place of the protocol") {
  for (const char* own : {"_web._tcp.service", "_web._tcp", "_web._tcp.dc1", "_web._tcp.service.dc1.dc"}) {
    CAPTURE(own);
    const Read name = read(own);
    CHECK(name.asked.kind == Kind::service);
    CHECK(name.asked.is_rfc2782);
    CHECK(name.asked.name == "web");
    CHECK(name.asked.tags == "tcp");
  }
  CHECK(kind("_._tcp.service") == Kind::service);  // a tag "_" of nobody's service
}

TEST_CASE("a tag may have several labels") {
  const Read name = read("traefik.enable=true.web.service");
  CHECK(name.asked.name == "web");
  CHECK(name.asked.tags ==
        "\x07traefik\x0b"
        "enable=true");
}

TEST_CASE("an address is 8 or 32 hex digits") {
  CHECK(read("c0000201.addr.dc1").asked.address == IpAddress::parse("192.0.2.1"));
  CHECK(read("C0000201.addr").asked.address == IpAddress::parse("192.0.2.1"));
  CHECK(read("20010db8000000000000000000000001.addr").asked.address == IpAddress::parse("2001:db8::1"));
  for (const char* own : {"c000020.addr", "c00002011.addr", "c000020g.addr", "+0000201.addr", "x.c0000201.addr"}) {
    CAPTURE(own);
    CHECK(kind(own) == Kind::nothing);
  }
}

TEST_CASE("a node's name may have dots, and so may a query's") {
  CHECK(read("a.b.node.dc1").asked.name ==
        "\x01"
        "a\x01"
        "b");
  CHECK(kind("q.query") == Kind::query);
  CHECK(kind("a.b.query.dc1") == Kind::query);
  CHECK(read("_q._tcp.query").asked.name == "q");
}

}  // namespace
}  // namespace rollcall::answer
