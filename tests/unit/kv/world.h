// A key-value store over a journal in memory, on a clock that tests move. Tasks for the writer's thread run when a test says so.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/journal.h"
#include "kv/local_key_values.h"

namespace rollcall::kv::testing {

using namespace std::chrono_literals;

class MemoryJournal final : public Journal {
 public:
  Result<void> record(const Changes& changes) override {
    ++records;
    if (is_broken) return failure(Errc::store_failed, "the disk is full");
    stored.index = changes.index;
    for (const Change& change : changes.list) {
      if (const auto* entry = std::get_if<Replaced<Entry>>(&change)) put(entries, entry->either().key, entry->after);
      if (const auto* session = std::get_if<Replaced<Session>>(&change)) {
        put(sessions, session->either().id, session->after);
      }
      if (const auto* query = std::get_if<Replaced<Query>>(&change)) put(queries, query->either().id, query->after);
      if (const auto* delay = std::get_if<LockDelay>(&change)) {
        if (delay->lasts > 0ms) {
          delays[delay->key] = delay->lasts;
        } else {
          delays.erase(delay->key);
        }
      }
    }
    return {};
  }
  Result<Stored> read() override {
    Stored all{.index = stored.index, .entries = {}, .sessions = {}, .queries = {}, .delays = {}, .left_out = {}};
    for (const auto& [key, entry] : entries) all.entries.push_back(entry);
    for (const auto& [id, session] : sessions) all.sessions.push_back(session);
    for (const auto& [id, query] : queries) all.queries.push_back(*query);
    for (const auto& [key, lasts] : delays) all.delays.push_back({key, lasts});
    return all;
  }

  bool is_broken = false;
  int records = 0;
  Stored stored;
  std::map<std::string, EntryPtr> entries;
  std::map<std::string, SessionPtr> sessions;
  std::map<std::string, QueryPtr> queries;
  std::map<std::string, std::chrono::milliseconds> delays;

 private:
  template <class Ptr>
  static void put(std::map<std::string, Ptr>& table, const std::string& name, const Ptr& value) {
    if (value) {
      table[name] = value;
    } else {
      table.erase(name);
    }
  }
};

inline constexpr WallTime k_wall_now{1'800'000'000'000ms};

struct World {
  explicit World(std::size_t bytes_max = k_bytes_default) : bytes_max_(bytes_max) { start(); }

  // As a server that was killed and comes back.
  void start() {
    tasks.with([](auto& waiting) { waiting.clear(); });
    all = std::make_unique<LocalKeyValues>(
        journal, clock,
        [this](KeyValues::Task task) { tasks.with([&](auto& waiting) { waiting.push_back(std::move(task)); }); },
        bytes_max_);
    left_out = all->restore(k_wall_now).value();
  }

  void run_tasks() {
    const auto take = [this] { return tasks.with([](auto& waiting) { return std::exchange(waiting, {}); }); };
    for (auto taken = take(); !taken.empty(); taken = take()) {
      for (KeyValues::Task& task : taken) task();
    }
  }

  Outcome ask(Request request) {
    std::optional<Outcome> got;
    if (!all->submit(std::move(request), [&](Outcome outcome) { got = std::move(outcome); })) {
      return failure(Errc::overloaded, "full");
    }
    run_tasks();
    return std::move(got.value());
  }
  Outcome run(Operation operation) { return ask(Transaction{{std::move(operation)}}); }

  // Whether a single operation was done.
  bool does(Operation operation) {
    const Outcome outcome = run(std::move(operation));
    return outcome && std::holds_alternative<Done>(*outcome);
  }
  bool set(std::string key, std::string value) {
    return does({.verb = Verb::set, .key = std::move(key), .value = std::move(value)});
  }
  bool lock(std::string key, std::string session, std::string value = "") {
    return does({.verb = Verb::lock, .key = std::move(key), .value = std::move(value), .session = std::move(session)});
  }
  bool unlock(std::string key, std::string session) {
    return does({.verb = Verb::unlock, .key = std::move(key), .session = std::move(session)});
  }
  bool remove(std::string key) { return does({.verb = Verb::remove, .key = std::move(key)}); }

  std::string begin_session(std::string id, std::chrono::milliseconds ttl = 0ms, std::chrono::milliseconds delay = 15s,
                            AtEnd at_end = AtEnd::release) {
    static_cast<void>(ask(CreateSession{Session{.id = id, .ttl = ttl, .lock_delay = delay, .at_end = at_end}}));
    return id;
  }
  void sweep() { static_cast<void>(ask(Sweep{})); }

  [[nodiscard]] EntryPtr find(std::string_view key) const {
    return all->read([&](const View& view) { return view.tables().find(key); });
  }
  [[nodiscard]] std::string holder(std::string_view key) const {
    return find(key) ? find(key)->session : "no such key";
  }
  [[nodiscard]] bool has_session(std::string_view id) const {
    return all->read([&](const View& view) { return view.tables().find_session(id) != nullptr && view.is_alive(id); });
  }
  [[nodiscard]] View::Standing look(const Topic& topic, Index known = 0) const {
    return all->read([&](const View& view) { return view.look(topic, known); });
  }

  MemoryJournal journal;
  ManualClock clock;
  Guarded<std::vector<KeyValues::Task>> tasks;
  std::vector<std::string> left_out;
  std::unique_ptr<LocalKeyValues> all;

 private:
  std::size_t bytes_max_;
};

}  // namespace rollcall::kv::testing
