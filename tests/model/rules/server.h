// A server without sockets: zones, database, registry, edits' watch, roster, responder; and somebody with sqlite3 beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "registry/work/writer.h"
#include "store/edit_watch.h"
#include "store/instance_store.h"
#include "unit/answer/ask.h"
#include "unit/store/roll.h"

namespace rollcall::testing {

// The text of a zone file, and the zones inside it that are served too.
struct ZoneFiles {
  std::string text;
  std::vector<std::string> inner;
};

// One process. The database outlives it.
class Server {
 public:
  Server(const std::filesystem::path& database, const ZoneFiles& files);

  registry::Outcome apply(const registry::Change& change);
  // Those of the same zones.
  void reload(const ZoneFiles& files);
  // What the writer and the edits' watch do until nothing is left to do.
  void settle();
  void pass(std::chrono::milliseconds time);

  [[nodiscard]] std::vector<registry::Registration> roll() const;
  [[nodiscard]] std::vector<std::string> ignored() const {
    return store_->ignored().sentences(limits::k_ignored_rows_max);
  }
  [[nodiscard]] const answer::Zones& zones() const { return zones_; }
  answer::testing::Answered ask(const std::string& name, dns::Type type);

 private:
  answer::Zones zones_;
  answer::Roster roster_{zones_, [](const registry::ServiceRef&) { return answer::AnswerPolicy{}; }};
  registry::ManualClock clock_;
  std::unique_ptr<store::InstanceStore> store_;
  registry::Registry registry_;
  registry::Writer writer_{registry_, clock_};
  store::EditWatch watch_;
  answer::Responder responder_{zones_, roster_, answer::ResponderSettings{}};
  std::unique_ptr<answer::WorkerState> worker_ = std::make_unique<answer::WorkerState>();
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(limits::k_message_bytes_max);
};

}  // namespace rollcall::testing
