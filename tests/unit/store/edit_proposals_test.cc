// Edits of the database of a cluster's node: requests, whose outcomes come later.
#include "store/edit_proposals.h"

#include <deque>

#include "catch.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::StorageMode;
using Texts = std::vector<std::string>;

// A node with web/a on the roll, whose cluster answers when the test says so.
struct Proposing {
  struct Submitted {
    registry::Change change;
    registry::Writer::Reply reply;
  };

  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store =
      std::move(*InstanceStore::open(directory.database(), zones, {}, StorageMode::replica));
  Plain plain{directory.database()};
  std::deque<Submitted> submitted;
  bool has_room = true;
  EditProposals proposals{*store, [this](registry::Change change, registry::Writer::Reply reply) {
                            if (has_room) submitted.push_back({std::move(change), std::move(reply)});
                            return has_room;
                          }};
  registry::ChangeIndex index = 10;

  Proposing() { follow("a", 8080); }
  // A change of the cluster arrives; port 0: the instance is removed.
  void follow(std::string id, std::uint16_t port) {
    registry::DurableChange change;
    registry::InstanceRecord record = instance_record("web", std::move(id), ++index);
    change.event = {.at = wall(1'700'000'100), .key = record.registration.key, .index = index};
    if (port != 0) {
      record.registration.port = port;
      change.present.emplace(record.registration, record.standing, record.registered_at);
    }
    REQUIRE(store->store(std::span(&change, 1), {"c", "1", static_cast<std::int64_t>(index), "l", "x"}));
  }
  void look() {
    for (int i = 0; i < 10 && proposals.look(); ++i) {
    }
  }
  void edit(const std::string& sql) {
    plain.query(sql);
    look();
  }
  void answer(registry::Outcome outcome) {
    REQUIRE_FALSE(submitted.empty());
    Submitted first = std::move(submitted.front());
    submitted.pop_front();
    first.reply(std::move(outcome));
    look();
  }
  void refuse(Errc code, std::string message) { answer(failure(code, std::move(message))); }
  // "a:81", "-a"
  Texts asked() {
    Texts lines;
    for (const Submitted& each : submitted) {
      const auto* edit = std::get_if<registry::Edit>(&each.change.asked);
      lines.push_back(edit != nullptr ? edit->registration.key.id + ':' + std::to_string(edit->registration.port)
                                      : '-' + std::get<registry::Deregister>(each.change.asked).key.id);
    }
    return lines;
  }
  Texts rows() { return plain.query("SELECT id || ':' || port FROM instance ORDER BY id"); }
  std::string notes() { return plain.value("SELECT count(*) FROM edit"); }
};

TEST_CASE("an edit is proposed once, and settled when it is accepted") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  CHECK(node.asked() == Texts{"a:81"});
  CHECK(node.submitted.front().change.by == "the database");
  node.look();
  CHECK(node.submitted.size() == 1);
  CHECK(node.notes() == "1");
  node.follow("a", 81);
  node.answer(registry::Applied{});
  CHECK(node.notes() == "0");
  CHECK(node.rows() == Texts{"a:81"});
  CHECK(node.proposals.open() == 0);
}

TEST_CASE("an accepted edit is settled also where its change is not stored yet") {
  Proposing node;
  node.edit("DELETE FROM instance");
  CHECK(node.asked() == Texts{"-a"});
  node.answer(registry::Applied{});
  CHECK(node.notes() == "0");
  node.follow("a", 0);
  CHECK(node.rows().empty());
}

TEST_CASE("the database is not locked while an edit is proposed") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.plain.query("UPDATE instance SET weight = 2");
  node.follow("b", 80);
  CHECK(node.rows() == Texts{"a:81", "b:80"});
}

TEST_CASE("what a rule refuses is listed as ignored, and its row stays") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.refuse(Errc::conflict, "the name is taken");
  CHECK(node.store->ignored().sentences(9) == Texts{"instance web/a in zone svc.internal: the name is taken"});
  CHECK(node.notes() == "1");
  CHECK(node.rows() == Texts{"a:81"});
  node.look();
  CHECK(node.submitted.empty());
  node.follow("a", 82);  // overwritten
  CHECK(node.store->ignored().is_empty());
  CHECK(node.notes() == "0");
}

TEST_CASE("a row that cannot be read is ignored without being proposed") {
  Proposing node;
  node.edit("UPDATE instance SET addresses = '[\"0.0.0.0\"]'");
  CHECK(node.submitted.empty());
  CHECK(node.store->ignored().count() == 1);
  node.edit("UPDATE instance SET addresses = '[\"192.0.2.5\"]'");
  CHECK(node.asked() == Texts{"a:8080"});
  node.answer(registry::Applied{});
  CHECK(node.store->ignored().is_empty());
}

TEST_CASE("what the store refuses is tried again, later") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.refuse(Errc::store_busy, "no quorum");
  CHECK(node.submitted.empty());
  CHECK(node.store->ignored().is_empty());
  for (int i = 0; i < 6; ++i) node.look();
  CHECK(node.asked() == Texts{"a:81"});
  node.has_room = false;
  node.refuse(Errc::overloaded, "the queue is full");
  for (int i = 0; i < 12; ++i) node.look();
  CHECK(node.submitted.empty());
  node.has_room = true;
  node.look();
  CHECK(node.asked() == Texts{"a:81"});
}

TEST_CASE("an edit is proposed also when a change of the cluster has overwritten its row") {
  Proposing node;
  node.plain.query("UPDATE instance SET port = 81");
  node.follow("a", 90);  // before anybody has looked
  CHECK(node.rows() == Texts{"a:90"});
  CHECK(node.notes() == "0");
  node.look();
  CHECK(node.asked() == Texts{"a:81"});
  SECTION("and counts where it is the later in etcd") {
    node.follow("a", 81);
    node.answer(registry::Applied{});
    CHECK(node.rows() == Texts{"a:81"});
  }
  SECTION("and leaves the row as it is where it is refused") {
    node.refuse(Errc::conflict, "the name is taken");
    CHECK(node.rows() == Texts{"a:90"});
    CHECK(node.store->ignored().is_empty());
  }
  SECTION("and is tried again as it was edited") {
    node.refuse(Errc::store_busy, "no quorum");
    for (int i = 0; i < 6; ++i) node.look();
    CHECK(node.asked() == Texts{"a:81"});
  }
  CHECK(node.notes() == "0");
}

TEST_CASE("a row that is edited again while it is proposed is proposed again") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.edit("UPDATE instance SET port = 82");
  CHECK(node.asked() == Texts{"a:81"});
  node.follow("a", 81);  // overwrites the row
  node.answer(registry::Applied{});
  CHECK(node.asked() == Texts{"a:82"});
  node.follow("a", 82);
  node.answer(registry::Applied{});
  CHECK(node.rows() == Texts{"a:82"});
  CHECK(node.notes() == "0");
  CHECK(node.proposals.open() == 0);
}

TEST_CASE("an edit that is taken back while it is proposed is one proposal") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.edit("UPDATE instance SET port = 82");
  node.edit("UPDATE instance SET port = 81");
  node.answer(registry::Applied{});
  CHECK(node.submitted.empty());
  CHECK(node.notes() == "0");
}

TEST_CASE("rows that are gone are proposed before those that take their names") {
  Proposing node;
  node.edit("UPDATE instance SET id = 'A' WHERE id = 'a'");
  CHECK(node.asked() == Texts{"-a", "A:8080"});
}

TEST_CASE("an operator's new row is not the cluster's before it is accepted") {
  Proposing node;
  node.edit(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'printer', 'hall', '[\"192.0.2.17\"]', 631)");
  CHECK(node.asked() == Texts{"hall:631"});
  const registry::Restored roll = node.store->restore().value();
  CHECK(roll.instances.size() == 1);
  CHECK(roll.services.size() == 1);
}

TEST_CASE("while a change of the cluster cannot be stored, edits are not read") {
  Proposing node;
  node.plain.query("UPDATE instance SET port = 81");
  node.plain.query("BEGIN IMMEDIATE");
  registry::DurableChange change;
  change.event = {.at = wall(1), .key = instance_record("web", "b").registration.key, .index = 50};
  CHECK_FALSE(node.store->store(std::span(&change, 1), {"c", "1", 50, "l", "x"}));
  node.plain.query("COMMIT");
  node.look();
  CHECK(node.submitted.empty());
  CHECK(node.store->store(std::span(&change, 1), {"c", "1", 50, "l", "x"}));
  node.look();
  CHECK(node.asked() == Texts{"a:81"});
}

TEST_CASE("an outcome of what a row was before it became invalid settles nothing") {
  Proposing node;
  node.edit("UPDATE instance SET port = 81");
  node.edit("UPDATE instance SET addresses = '[\"0.0.0.0\"]'");
  CHECK(node.store->ignored().count() == 1);
  node.edit("UPDATE instance SET addresses = '[\"192.0.2.5\"]', port = 82");
  CHECK(node.asked() == Texts{"a:81", "a:82"});
  node.answer(registry::Applied{});
  CHECK(node.notes() != "0");
  node.refuse(Errc::conflict, "the name is taken");
  CHECK(node.store->ignored().count() == 1);
}

TEST_CASE("edits made while no server ran are proposed when the cluster's roll has been read") {
  TemporaryDirectory directory;
  TwoZones zones;
  const registry::InstanceRecord record = instance_record("web", "a", 10);
  registry::DurableChange change;
  change.event = {.at = wall(1), .key = record.registration.key, .index = 10};
  change.present.emplace(record.registration, record.standing, record.registered_at);
  const auto open = [&] {
    return std::move(*InstanceStore::open(directory.database(), zones, {}, StorageMode::replica));
  };
  REQUIRE(open()->store(std::span(&change, 1), {"c", "1", 10, "l", "x"}));
  Plain(directory.database()).query("UPDATE instance SET port = 81");
  const auto store = open();
  REQUIRE(store->restore());
  std::vector<std::uint16_t> ports;
  EditProposals proposals(*store, [&](const registry::Change& asked, const registry::Writer::Reply&) {
    ports.push_back(std::get<registry::Edit>(asked.asked).registration.port);
    return true;
  });
  REQUIRE(store->store(std::span(&change, 1), {"c", "1", 11, "l", "x"}));
  static_cast<void>(proposals.look());
  CHECK(ports == std::vector<std::uint16_t>{81});
}

}  // namespace
}  // namespace rollcall::store
