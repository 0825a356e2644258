// The module as a server loads it.
#include "cluster/engine_module.h"

#include <fstream>
#include <future>

#include "catch.h"
#include "support/etcd/etcd_server.h"

namespace rollcall::cluster {
namespace {

TEST_CASE("the module gives an engine that works") {
  const rollcall::testing::EtcdServer server;
  const auto engine = open_engine({.endpoints = server.endpoints()}, ROLLCALL_ENGINE_MODULE);
  REQUIRE(engine);
  std::promise<EngineState> state;
  (*engine)->look([&](EngineState now) { state.set_value(std::move(now)); });
  CHECK(state.get_future().get().answered);
}

TEST_CASE("settings that cannot work come back as a sentence from the module") {
  const auto engine = open_engine({}, ROLLCALL_ENGINE_MODULE);
  REQUIRE_FALSE(engine);
  CHECK(engine.error().code == Errc::start_up);
}

TEST_CASE("what is no module is told as such") {
  CHECK(open_engine({.endpoints = {"a:1"}}, "/nowhere/librollcall_etcd.so")
            .error()
            .message.starts_with("the module for etcd cannot be loaded"));
  const auto libc = open_engine({.endpoints = {"a:1"}}, "libm.so.6");
  REQUIRE_FALSE(libc);
  CHECK(libc.error().message.find("another version") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::cluster
