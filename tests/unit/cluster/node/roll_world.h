// One node of a cluster over a store in memory, but its thread and its peers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.h"
#include "cluster/node/ends.h"
#include "cluster/node/followed_roll.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster::testing {

class MemoryReplica final : public registry::Replica {
 public:
  Result<std::optional<registry::ReplicaPlace>> place() override { return kept; }
  Result<void> store(std::span<const registry::DurableChange> changes, const registry::ReplicaPlace& at) override {
    ++calls;
    if (fails) return failure(Errc::store_failed, "the disk says no");
    stored += changes.size();
    kept = at;
    return {};
  }
  Result<void> clear() override {
    kept.reset();
    return {};
  }
  std::optional<registry::ReplicaPlace> kept;
  std::size_t stored = 0;
  int calls = 0;
  bool fails = false;
};

// One node but its thread and its peers.
struct RollWorld : StoreWorld {
  RollWorld() {
    roll_of_node.registry.let_decide(member);
    follower = std::make_shared<Follower>(*engine, keys, zones, registry::LeaseBounds{}, known, std::nullopt, roll);
  }

  registry::testing::World roll_of_node;
  KnownInstances known;
  ZoneBases bases;
  MemoryReplica replica;
  std::size_t due = 0;
  Member member{*engine,
                keys,
                "n1",
                {},
                {"svc.internal", "lab.example"},
                known,
                {.ends = [this](const std::vector<DueEnd>& ends) { due += ends.size(); }, .drain = {}, .safety = {}}};
  Lanes lanes{*engine, keys, "n1", zones, bases, run_soon()};
  registry::AgreedWriter agreed{roll_of_node.registry, lanes, roll_of_node.clock};
  bool is_blocked = false;
  std::vector<std::move_only_function<void()>> held;  // while the writer is blocked
  FollowedRoll roll{{.registry = roll_of_node.registry,
                     .agreed = agreed,
                     .replica = replica,
                     .clock = roll_of_node.clock,
                     .zones = zones,
                     .member = member,
                     .lanes = lanes,
                     .bases = bases,
                     .cluster = "lab",
                     .zone_count = 2,
                     .run_soon =
                         [this](std::move_only_function<void()> task) {
                           if (is_blocked) {
                             held.push_back(std::move(task));
                           } else {
                             time.after({}, std::move(task));
                           }
                         },
                     .counted = [](registry::ZoneId) {},
                     .shown = {}}};
  std::shared_ptr<Follower> follower;

  void follow(int ticks = 4) {
    for (int i = 0; i < ticks; ++i) {
      follower->tick(std::chrono::steady_clock::now() + std::chrono::hours(1));
      pass(std::chrono::seconds(4));
    }
  }
  void unblock() {
    is_blocked = false;
    for (auto& task : std::exchange(held, {})) time.after({}, std::move(task));
    pass();
  }
  // Until this node answers heartbeats.
  void join() {
    follow();
    for (int i = 0; i < 40 && !member.accepts_changes(); ++i) {
      member.tick();
      pass(std::chrono::milliseconds(300));
    }
    REQUIRE(member.accepts_changes());
  }
  [[nodiscard]] Ends ends() {
    return {*engine, keys, {"svc.internal", "lab.example"}, known, bases, roll_of_node.registry, member};
  }
  [[nodiscard]] static InstanceId id_of(std::string_view label) {
    return InstanceIds("f00").of("svc.internal", "web", label);
  }
  // Told by nobody else: what is due is what the test says.
  Revision put_with_ttl_check(const std::string& label, int ends_after_ms = 0) {
    return put_instance(label, R"(,"door":"consul","ttl":"10s","lease":"critical","lease_check":"t","results":[)"
                               R"({"id":"t","kind":"ttl","status":"passing","ends_after_ms":)" +
                                   std::to_string(ends_after_ms) + "}]");
  }
  // As the writer does, again and again: the outcome of a change may come later than the change.
  void propose() {
    for (int i = 0; i < 2; ++i) {
      agreed.propose_waiting(roll_of_node.wall);
      pass();
    }
  }
  void keep_copy() {
    roll.store_soon();
    pass();
  }
};

}  // namespace rollcall::cluster::testing
