// One node's engine over a store in memory, in the keys of a cluster, on virtual time.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cluster/keys.h"
#include "cluster/roll/values.h"
#include "support/cluster/memory_engine.h"
#include "unit/registry/world.h"

namespace rollcall::cluster::testing {

struct StoreWorld {
  explicit StoreWorld(std::uint64_t base = 1'000) {
    store.changed_hook = [this](const RevisionEvents* events) {
      if (events == nullptr) {
        engine->store_restored();
      } else {
        engine->store_changed();
      }
    };
    put(keys.format(), write_format({.version = 1, .base = base, .incarnation = "f00"}));
  }

  VirtualTime time;
  MemoryStore store;
  Quorum quorum;
  Random random{7};
  Link link;
  Keys keys{"lab"};
  registry::testing::TwoZones zones;
  std::shared_ptr<MemoryEngine> engine =
      std::make_shared<MemoryEngine>(time, store, quorum, random, link, [](Job job) { job(); });

  void pass(Time how_long = std::chrono::seconds(2)) { time.run_until(time.now() + how_long); }
  [[nodiscard]] auto run_soon() {
    return [this](std::move_only_function<void()> task) { time.after({}, std::move(task)); };
  }

  // What other programs and other nodes do, at once.
  Revision put(const std::string& key, std::string value, LeaseId lease = 0) {
    return store.apply({.puts = {{key, std::move(value), lease != 0}}}, lease).header.revision;
  }
  Revision erase(const std::string& key) { return store.apply({.deletes = {key}}, 0).header.revision; }
  [[nodiscard]] std::string place(const std::string& label, const std::string& service = "web") const {
    return keys.instance("svc.internal", service, label);
  }
  Revision put_instance(const std::string& label, const std::string& more = {}) {
    return put(place(label), R"({"address":"192.0.2.1","port":8080)" + more + "}");
  }
};

}  // namespace rollcall::cluster::testing
