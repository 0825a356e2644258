// What others write into the database while the server runs, and how it comes onto the roll.
#include "base/limits.h"
#include "base/rcu.h"
#include "catch.h"
#include "registry/registry.h"
#include "registry/work/writer.h"
#include "store/edit_reader.h"
#include "store/edit_watch.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class Nobody final : public registry::Audience {
 public:
  void publish(const registry::Service&) override {}
  void withdraw(const registry::ServiceRef&) override {}
};

// The zone file of svc.internal has the name www.
class ZonesWithNames final : public registry::ZoneDirectory {
 public:
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view name) const override { return zones_.find(name); }
  [[nodiscard]] std::string name_of(registry::ZoneId zone) const override { return zones_.name_of(zone); }
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId zone) const override { return zones_.apex_bytes_of(zone); }
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef& service) const override {
    if (service.name != "www") return std::nullopt;
    return registry::TakenName{registry::TakenName::By::zone_file, "www.svc.internal"};
  }

 private:
  TwoZones zones_;
};

registry::Registration asked(std::string id, std::uint16_t port = 8080) {
  registry::Registration registration = instance_record("web", std::move(id)).registration;
  registration.port = port;
  return registration;
}

// A server's registry over its database, with web/a on the roll, and somebody else's connection.
struct Running {
  TemporaryDirectory directory;
  ZonesWithNames zones;
  std::unique_ptr<InstanceStore> store = std::move(*InstanceStore::open(directory.database(), zones));
  Nobody audience;
  registry::ManualClock clock;
  registry::Registry registry{*store, audience, zones, 1h};
  registry::Writer writer{registry, clock};
  EditWatch watch{*store, writer};
  Plain plain{directory.database()};

  Running() { add("a"); }

  registry::Outcome apply(const registry::Change& change) {
    return std::move(registry.apply(std::span(&change, 1), clock, wall(1'700'000'000)).front());
  }
  void add(std::string id, std::uint16_t port = 8080) {
    if (!apply(registry::Register{asked(std::move(id), port)})) throw std::runtime_error("not registered");
  }
  void edit(const std::string& sql) { plain.query(sql); }
  void look() {
    while (watch.look()) {
    }
  }
  void edit_and_look(const std::string& sql) {
    edit(sql);
    look();
  }
  void insert(const std::string& service, const std::string& id, const std::string& address = "192.0.2.9",
              const std::string& zone = "svc.internal") {
    edit("INSERT INTO instance (zone, service, id, addresses, port) VALUES ('" + zone + "', '" + service + "', '" + id +
         "', '[\"" + address + "\"]', 80)");
  }

  // "a:8080 ready", in order.
  [[nodiscard]] Lines roll(std::string_view service = "web") const {
    const rcu::ReadLock lock;
    Lines lines;
    const registry::Service* known = registry.find_service({k_svc, service});
    if (known == nullptr) return lines;
    for (const registry::Instance* instance : known->instances) {
      lines.push_back(std::string(instance->id()) + ":" + std::to_string(instance->port()) + " " +
                      std::string(to_text(instance->status)));
    }
    return lines;
  }
  [[nodiscard]] const registry::Instance& instance(const std::string& id) const {
    return *registry.find_instance({{k_svc, "web"}, id});
  }
  [[nodiscard]] Lines ignored() const { return store->ignored().sentences(100); }
  Lines rows() { return plain.query("SELECT id || ':' || port || ' ' || status FROM instance ORDER BY id"); }
};

}  // namespace

TEST_CASE("Rollcall's own rows leave no notes of edits") {
  Running server;
  server.add("b");
  server.add("b", 81);
  REQUIRE(server.apply(registry::Deregister{{{k_svc, "web"}, "b"}}));
  REQUIRE(server.plain.query("SELECT * FROM edit").empty());
}

TEST_CASE("a row that is inserted by hand is on the roll for one lease, and then it is Rollcall's") {
  Running server;
  server.insert("web", "b");
  REQUIRE(server.plain.query("SELECT zone, service, id FROM edit") == Lines{"svc.internal|web|b"});
  server.look();
  REQUIRE(server.roll() == Lines{"a:8080 ready", "b:80 ready"});
  REQUIRE(server.plain.query("SELECT * FROM edit").empty());
  REQUIRE(server.plain.value("SELECT change_index > 0 FROM instance WHERE id = 'b'") == "1");
  REQUIRE(server.instance("b").lease.expires_at() == server.clock.now() + limits::k_lease_default);
  server.clock.advance(limits::k_lease_default);
  server.registry.sweep(server.clock.now(), wall(1'700'000'015));
  REQUIRE(server.registry.record_pending());
  REQUIRE(server.rows().empty());
}

TEST_CASE("the lease of an instance that is changed by hand goes on") {
  Running server;
  server.clock.advance(10s);
  server.edit_and_look("UPDATE instance SET port = 81, weight = 7, tags = '[\"blue\"]', ttl_ms = 20000");
  REQUIRE(server.roll() == Lines{"a:81 ready"});
  const rcu::ReadLock lock;
  REQUIRE(server.instance("a").weight() == 7);
  REQUIRE(server.instance("a").registration().tags == Lines{"blue"});
  REQUIRE(server.instance("a").ttl() == 20s);
  REQUIRE(server.instance("a").lease.expires_at() == server.clock.now() + 5s);
}

TEST_CASE("an instance is drained, made critical and made ready by hand") {
  Running server;
  for (const std::string status : {"draining", "critical", "ready"}) {
    server.edit_and_look("UPDATE instance SET status = '" + status + "'");
    REQUIRE(server.roll() == Lines{"a:8080 " + status});
  }
  REQUIRE(server.apply(registry::SetHealth{{{k_svc, "web"}, "a"}, {}, true, "it says no"}));
  server.edit_and_look("UPDATE instance SET status = 'ready'");
  REQUIRE(server.roll() == Lines{"a:8080 ready"});
  REQUIRE(server.plain.value("SELECT check_output IS NULL FROM instance") == "1");
}

TEST_CASE("a row that is deleted by hand is off the roll") {
  Running server;
  server.edit_and_look("DELETE FROM instance");
  REQUIRE(server.roll().empty());
  REQUIRE(server.rows().empty());
  REQUIRE(server.plain.value("SELECT emptied_at_ms IS NOT NULL FROM service") == "1");
}

TEST_CASE("a row that is replaced by hand is one edit") {
  Running server;
  server.edit_and_look(
      "REPLACE INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'web', 'a', '[\"192.0.2.1\"]', 82)");
  REQUIRE(server.roll() == Lines{"a:82 ready"});
}

TEST_CASE("an instance that gets another id by hand is another instance, also when only the case differs") {
  Running server;
  server.edit_and_look("UPDATE instance SET id = 'A'");
  REQUIRE(server.roll() == Lines{"A:8080 ready"});
  server.edit_and_look("UPDATE instance SET service = 'shop'");
  REQUIRE(server.roll().empty());
  REQUIRE(server.roll("shop") == Lines{"A:8080 ready"});
}

TEST_CASE("an edit that changes nothing is no change of the roll") {
  Running server;
  const registry::ChangeIndex before = server.registry.counts().index;
  server.edit_and_look("UPDATE instance SET port = port, registered_at_ms = 1");
  REQUIRE(server.registry.counts().index == before);
  REQUIRE(server.plain.query("SELECT * FROM edit").empty());
}

TEST_CASE("a row that breaks a rule is ignored until it is mended, and what was on the roll stays") {
  Running server;
  server.edit_and_look("UPDATE instance SET addresses = '[\"0.0.0.0\"]'");
  REQUIRE(server.roll() == Lines{"a:8080 ready"});
  REQUIRE(server.ignored() == Lines{"instance web/a in zone svc.internal: addresses must be an IPv4 or IPv6 address; "
                                    "0.0.0.0 is not an address of anybody"});
  REQUIRE(server.plain.value("SELECT addresses FROM instance") == "[\"0.0.0.0\"]");
  server.edit_and_look("UPDATE instance SET addresses = '[\"192.0.2.1\"]', port = 83");
  REQUIRE(server.roll() == Lines{"a:83 ready"});
  REQUIRE(server.ignored().empty());
}

TEST_CASE("a bad row is no longer ignored when it is deleted, or overwritten by a registration") {
  Running server;
  server.insert("web", "b", "224.0.0.1");
  server.insert("web", "c", "0.0.0.0");
  server.look();
  REQUIRE(server.store->ignored().count() == 2);
  server.edit_and_look("DELETE FROM instance WHERE id = 'b'");
  REQUIRE(server.store->ignored().count() == 1);
  server.add("c");
  REQUIRE(server.ignored().empty());
}

TEST_CASE("by hand, too, nobody takes a name of the zone file, a zone that is not served, or the label of another") {
  Running server;
  server.insert("www", "one");
  server.insert("web", "a2", "192.0.2.9", "elsewhere.example");
  server.insert("web", "A");
  server.insert("web", "b");
  server.look();
  REQUIRE(server.roll("www").empty());
  REQUIRE(server.roll() == Lines{"a:8080 ready", "b:80 ready"});
  const Lines ignored = server.ignored();
  REQUIRE(ignored.size() == 3);
  REQUIRE(ignored[0].contains("instance web/A in zone svc.internal: the id differs only in case"));
  REQUIRE(ignored[1].contains("instance web/a2 in zone elsewhere.example: no zone of this name"));
  REQUIRE(ignored[2].contains("instance www/one in zone svc.internal: the zone file has the name"));
}

TEST_CASE("an ignored row has a note until it is mended, deleted or overwritten, and a start begins with it") {
  Running server;
  const auto notes = [&] { return server.plain.query("SELECT service || '/' || id FROM edit ORDER BY number"); };
  server.insert("web", "A");
  server.insert("web", "bad", "0.0.0.0");
  server.insert("web", "good");
  server.look();
  REQUIRE(notes() == Lines{"web/A", "web/bad"});
  REQUIRE_FALSE(server.store->is_edited());
  server.edit_and_look("UPDATE instance SET port = 81 WHERE id IN ('bad', 'good')");  // one of them for nothing
  REQUIRE(notes() == Lines{"web/A", "web/bad"});
  SECTION("mended") {
    server.edit_and_look("UPDATE instance SET addresses = '[\"192.0.2.7\"]' WHERE id = 'bad'");
    REQUIRE(notes() == Lines{"web/A"});
    server.edit_and_look("DELETE FROM instance WHERE id = 'A'");
    REQUIRE(notes().empty());
    server.edit_and_look("UPDATE instance SET port = 82 WHERE id = 'bad'");  // the next note has an old number
    REQUIRE(server.roll().at(1) == "bad:82 ready");
  }
  SECTION("overwritten") {
    server.add("bad");
    REQUIRE(notes() == Lines{"web/A"});
    REQUIRE(server.ignored().size() == 1);
  }
  SECTION("what was in its way has gone") {
    REQUIRE(server.apply(registry::Deregister{{{k_svc, "web"}, "a"}}));
    server.look();
    REQUIRE(notes() == Lines{"web/bad"});
    REQUIRE(server.roll().at(0) == "A:80 ready");
  }
  SECTION("a start") {
    std::vector<std::pair<std::string, bool>> read;
    REQUIRE(server.store->restore([&](registry::Restored part) {
      for (const auto& each : part.instances) read.emplace_back(each.registration.key.id, each.edit > 0);
      return std::vector<registry::Refused>{{{{k_svc, "web"}, "A"}, "no room"}};
    }));
    REQUIRE(read == std::vector<std::pair<std::string, bool>>{{"A", true}, {"a", false}, {"good", false}});
    REQUIRE(notes() == Lines{"web/bad", "web/A"});
    REQUIRE_FALSE(server.store->is_edited());
    REQUIRE(server.ignored().at(0) == "instance web/A in zone svc.internal: no room");
  }
}

TEST_CASE("of an edit and a registration of one instance the later counts") {
  Running server;
  SECTION("the registration") {
    server.edit("UPDATE instance SET port = 81");
    server.add("a", 82);
    server.look();
    REQUIRE(server.roll() == Lines{"a:82 ready"});
  }
  SECTION("the registration, after a deletion") {
    server.edit("DELETE FROM instance; DELETE FROM service");
    server.add("a", 82);
    server.look();
    REQUIRE(server.roll() == Lines{"a:82 ready"});
    REQUIRE(server.plain.query("SELECT name FROM service") == Lines{"web"});
  }
  SECTION("the edit") {
    server.add("a", 82);
    server.edit("UPDATE instance SET port = 81");
    server.look();
    REQUIRE(server.roll() == Lines{"a:81 ready"});
  }
  REQUIRE(server.rows() == server.roll());
}

TEST_CASE("between the reading of edits and their transaction nobody else writes") {
  Running server;
  server.edit("UPDATE instance SET port = 81");
  const auto rows = server.store->begin_edits(10);
  REQUIRE(rows);
  REQUIRE_THROWS(server.edit("UPDATE instance SET port = 82"));
  REQUIRE(server.apply(*rows->front().change));
  REQUIRE(server.store->end_edits());
  server.edit("UPDATE instance SET port = 82");
  server.look();
  REQUIRE(server.roll() == Lines{"a:82 ready"});
}

TEST_CASE("edits wait for somebody who is writing, and so does nobody else") {
  Running server;
  server.edit("UPDATE instance SET port = 81");
  server.edit("BEGIN IMMEDIATE");
  REQUIRE_FALSE(server.watch.look());
  REQUIRE(server.roll() == Lines{"a:8080 ready"});
  server.edit_and_look("COMMIT");
  REQUIRE(server.roll() == Lines{"a:81 ready"});
}

TEST_CASE("more edits than one transaction takes are taken in several") {
  Running server;
  const std::size_t count = limits::k_batch_changes_max + 1;
  server.edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(count) +
              ") INSERT INTO instance (zone, service, id, addresses, port)"
              " SELECT 'svc.internal', 'web', 'i-' || i, '[\"192.0.2.7\"]', 80 FROM n");
  REQUIRE(server.watch.look());
  REQUIRE(server.registry.counts().instances == 1 + limits::k_batch_changes_max);
  server.look();
  REQUIRE(server.registry.counts().instances == 1 + count);
}

TEST_CASE("edits made while no server runs are read with the whole, once") {
  TemporaryDirectory directory;
  TwoZones zones;
  REQUIRE(InstanceStore::open(directory.database(), zones));
  Plain plain(directory.database());
  plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'web', 'a', '[\"192.0.2.1\"]', 80),"
      "        ('svc.internal', 'web', 'bad', '[\"0.0.0.0\"]', 80)");
  const auto store = std::move(*InstanceStore::open(directory.database(), zones));
  REQUIRE(store->is_edited());
  REQUIRE(store->restore()->instances.size() == 1);
  REQUIRE_FALSE(store->is_edited());
  REQUIRE(store->ignored().count() == 1);
}

TEST_CASE("an edit whose transaction fails comes again") {
  Running server;
  server.edit("UPDATE instance SET port = 81");
  server.edit("ALTER TABLE roll RENAME TO lost");  // which every transaction writes to
  REQUIRE(server.store->begin_edits(10)->size() == 1);
  REQUIRE_FALSE(server.apply(registry::Register{asked("b")}));
  REQUIRE(server.store->end_edits());
  server.edit("ALTER TABLE lost RENAME TO roll");
  server.look();
  REQUIRE(server.roll() == Lines{"a:81 ready"});
}

}  // namespace rollcall::store
