// Three ways onto the roll (a registration, a row that somebody edits, a start), zone files that come and go, one set of rules:
// whatever happens, the roll, `ignored_rows` and the DNS agree, and a restart changes nothing.
//
// Shape    random operations; after each, facts that must hold, judged by a second, brute-force writing of the rules.
// Seed     printed; ROLLCALL_SEED runs one alone.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "base/random.h"
#include "catch.h"
#include "model/rules/server.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using registry::Registration;
using Names = std::set<std::string>;

constexpr int k_operations = 1'500;
const std::vector<std::string> k_services{"web", "api", "deep", "db", "dns-sd"};
// The last two have one derived label.
const std::vector<std::string> k_ids{"a", "A", "b", "blue", "x_1", "y", "web.::=_::1", "web+=.:=:_1"};
const std::vector<std::string> k_tags{"a", "blue", "y", "green", "tag"};
const std::vector<std::string> k_static{"web",
                                        "db",
                                        "a.web",
                                        "blue.api",
                                        "_x.web",
                                        "x.y.deep",
                                        "_web._tcp",
                                        "tag.web",
                                        "*.web",
                                        "_api._udp",
                                        "_tag._sub._web._tcp",
                                        "a._api._tcp",
                                        "_tcp",
                                        "other"};
const std::vector<std::string> k_inner{"web.svc.internal", "a.api.svc.internal", "_tcp.svc.internal",
                                       "y.deep.svc.internal"};

std::string fold(std::string text) {
  for (char& c : text) c = static_cast<char>(dns::fold(static_cast<std::uint8_t>(c)));
  return text;
}

// --- The rules a second time: all names are texts ---

struct Tree {
  Names records;  // owners with records, below the apex
  Names cuts;     // of those, delegations
  Names inner;    // other zones
};

bool is_at_or_below(const std::string& name, const std::string& above) {
  return name == above || name.ends_with("." + above);
}

bool is_free(const std::string& name, const Tree& tree) {
  const auto covers = [&](const std::string& above) { return is_at_or_below(name, above); };
  return !tree.records.contains(name) && std::ranges::none_of(tree.cuts, covers) &&
         std::ranges::none_of(tree.inner, covers);
}

Names own_names(const std::string& service) { return {service, "_" + service + "._tcp", "_" + service + "._udp"}; }

bool is_admitted(const Registration& asked, const std::vector<Registration>& roll, const Tree& tree) {
  const std::string& service = asked.key.service.name;
  if (service == "dns-sd") return false;
  Names wanted = own_names(service);
  const std::string label = fold(registry::label_of(asked.key.id));
  for (const std::string& own : own_names(service)) {
    wanted.insert(label + "." + own);
    for (const std::string& tag : asked.tags) {
      wanted.insert(own == service ? tag + "." + own : "_" + tag + "._sub." + own);
      if (own != service) wanted.insert("_sub." + own);
    }
  }
  if (!std::ranges::all_of(wanted, [&](const std::string& name) { return is_free(name, tree); })) return false;
  if (std::ranges::find(asked.tags, label) != asked.tags.end()) return false;
  return std::ranges::none_of(roll, [&](const Registration& other) {
    if (other.key.service != asked.key.service || other.key.id == asked.key.id) return false;
    const std::string other_label = fold(registry::label_of(other.key.id));
    return other_label == label || std::ranges::find(other.tags, label) != other.tags.end() ||
           std::ranges::find(asked.tags, other_label) != asked.tags.end();
  });
}

// --- The walk ---

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : random_(seed) {
    choose_zone_file(true);
    start();
  }

  // What is wrong; empty: nothing.
  std::string step() {
    switch (random_.below(12)) {
      case 0: reload(); break;
      case 1: restart(); break;
      case 2: restart_after_edits(); break;
      case 3:
        server_->pass(3s);
        note("time passes");
        break;
      case 4:
      case 5: deregister(); break;
      case 6:
      case 7:
      case 8: edit(); break;
      default: enrol(); break;
    }
    server_->settle();
    return problem_.empty() ? compare() : problem_;
  }
  int restarts_compared() const { return restarts_compared_; }
  std::string history() const {
    std::string all;
    for (const std::string& line : history_) all += line + "\n";
    return all;
  }

 private:
  const std::string& any(const std::vector<std::string>& of) {
    return of[random_.below(static_cast<std::uint32_t>(of.size()))];
  }
  void note(std::string what) {
    history_.push_back(std::move(what));
    if (history_.size() > 40) history_.pop_front();
  }
  void start() { server_ = std::make_unique<Server>(directory_.database(), files_); }

  void choose_zone_file(bool with_inner) {
    tree_.records.clear();
    tree_.cuts.clear();
    files_.text = "@ 1 IN SOA ns.example. h.example. 1 10 5 1h 1\n@ 1 IN NS ns.example.\n";
    for (const std::string& name : k_static) {
      if (random_.below(4) != 0) continue;
      const bool is_cut = name != "*.web" && random_.below(5) == 0;
      files_.text += name + (is_cut ? " 1 IN NS ns.example.\n" : " 1 IN TXT \"static " + name + "\"\n");
      tree_.records.insert(name);
      if (is_cut) tree_.cuts.insert(name);
    }
    if (with_inner) {
      files_.inner.clear();
      tree_.inner.clear();
      for (const std::string& apex : k_inner) {
        if (random_.below(6) != 0) continue;
        files_.inner.push_back(apex);
        tree_.inner.insert(apex.substr(0, apex.size() - std::string(".svc.internal").size()));
      }
    }
    std::string told = "zone file:";
    for (const std::string& name : tree_.records) told += " " + name + (tree_.cuts.contains(name) ? "(cut)" : "");
    for (const std::string& name : tree_.inner) told += " [" + name + "]";
    note(told);
  }

  void reload() {
    choose_zone_file(false);
    note("  by a reload");
    server_->reload(files_);
  }

  // The same zone files: nothing changes, unless somebody is on the roll whose own row was edited badly. He leaves then.
  void restart() {
    note("restart");
    server_->settle();
    const std::vector<Registration> before = server_->roll();
    const Names ignored = ignored_names();
    const std::map<std::string, std::string> rows = stored();
    const bool is_as_stored =
        std::ranges::all_of(before, [&](const Registration& each) { return rows.at(name_of(each)) == text_of(each); });
    server_.reset();
    start();
    server_->settle();
    if (!is_as_stored) return;
    ++restarts_compared_;
    if (server_->roll() != before) problem_ = "a restart changed the roll";
    // Of several obstacles the sentence may name another one then.
    if (ignored_names() != ignored) problem_ = "a restart changed what is ignored";
  }
  Names ignored_names() {
    Names names;
    for (const std::string& sentence : server_->ignored()) names.insert(sentence.substr(0, sentence.find(": ")));
    return names;
  }

  void restart_after_edits() {
    note("stop");
    server_->settle();
    server_.reset();
    for (std::uint32_t i = random_.below(3); i > 0; --i) edit();
    if (random_.below(2) == 0) choose_zone_file(true);
    note("start");
    start();
  }

  void enrol() {
    Registration asked;
    asked.key = {{registry::ZoneId{0}, any(k_services)}, any(k_ids)};
    asked.addresses = {*IpAddress::parse(next_address())};
    asked.port = 80;
    asked.ttl = random_.below(3) == 0 ? 2s : 3600s;
    if (random_.below(2) == 0) asked.tags = {any(k_tags)};
    const std::vector<Registration> roll = server_->roll();
    const bool admits = is_admitted(asked, roll, tree_);
    const registry::Outcome outcome = server_->apply(registry::Register{asked});
    note("register " + name_of(asked) + " " + text_of(asked) + (outcome ? "" : ": " + outcome.error().message));
    if (outcome.has_value() != admits) problem_ = "the registration was judged otherwise";
    if (!outcome && outcome.error().code != Errc::conflict) problem_ = "no conflict: " + outcome.error().message;
  }

  void deregister() {
    const registry::InstanceKey key{{registry::ZoneId{0}, any(k_services)}, any(k_ids)};
    note("deregister " + key.service.name + "/" + key.id);
    static_cast<void>(server_->apply(registry::Deregister{key}));
  }

  void edit() {
    const std::string where = " WHERE service = '" + any(k_services) + "' AND id = '" + any(k_ids) + "'";
    std::string sql;
    switch (random_.below(4)) {
      case 0: sql = "UPDATE instance SET tags = '[\"" + any(k_tags) + "\"]'" + where; break;
      case 1: sql = "DELETE FROM instance" + where; break;
      default:
        sql =
            "INSERT OR REPLACE INTO instance (zone, service, id, addresses, port, ttl_ms, tags) VALUES "
            "('svc.internal', '" +
            any(k_services) + "', '" + any(k_ids) + "', '[\"" + next_address() + "\"]', 80, 3600000, '" +
            (random_.below(2) == 0 ? "[]" : "[\"" + any(k_tags) + "\"]") + "')";
    }
    note(sql);
    store::Plain(directory_.database()).query("PRAGMA recursive_triggers = 1; " + sql);
  }

  std::string next_address() {
    ++addresses_;
    return "10.0." + std::to_string(addresses_ / 250 % 250) + "." + std::to_string(addresses_ % 250 + 1);
  }

  static std::string name_of(const Registration& of) { return of.key.service.name + "/" + of.key.id; }
  // What of it is compared, as the database has it.
  static std::string text_of(const Registration& of) {
    std::string text = "[\"" + of.addresses.front().text() + "\"] [";
    for (const std::string& tag : of.tags) text += (text.back() == '[' ? "\"" : ",\"") + tag + "\"";
    return text + "]";
  }
  std::map<std::string, std::string> stored() {
    std::map<std::string, std::string> rows;
    store::Plain plain(directory_.database());
    for (const std::string& row : plain.query("SELECT service || '/' || id, addresses || ' ' || tags FROM instance")) {
      rows.emplace(row.substr(0, row.find('|')), row.substr(row.find('|') + 1));
    }
    return rows;
  }

  std::string compare() {
    const std::vector<Registration> roll = server_->roll();
    std::map<std::string, const Registration*> on_roll;
    for (const Registration& each : roll) {
      on_roll.emplace(name_of(each), &each);
      if (!is_admitted(each, roll, tree_)) return name_of(each) + " is on the roll against the rules";
    }
    std::map<std::string, std::string> ignored;
    for (const std::string& sentence : server_->ignored()) {
      const std::string name = sentence.substr(9, sentence.find(" in zone") - 9);  // "instance web/a in zone …"
      ignored.emplace(name, sentence);
    }
    const std::map<std::string, std::string> rows = stored();
    for (const auto& [name, sentence] : ignored) {
      if (!rows.contains(name)) return "ignored, and there is no such row: " + sentence;
    }
    for (const auto& [name, registration] : on_roll) {
      if (!rows.contains(name)) return name + " is on the roll and has no row";
    }
    for (const auto& [name, row] : rows) {
      const bool is_on_roll = on_roll.contains(name) && text_of(*on_roll.at(name)) == row;
      if (is_on_roll == ignored.contains(name))
        return name + (is_on_roll ? " is on the roll, and ignored" : " is lost");
      if (!is_on_roll && is_admitted(registration_of(name, row), roll, tree_))
        return name + " is ignored without a reason";
    }
    if (const auto notes = store::Plain(directory_.database())
                               .query("SELECT count(DISTINCT zone || service || '/' || id), count(*) FROM edit");
        notes.front() != std::to_string(ignored.size()) + "|" + std::to_string(ignored.size())) {
      return "notes: " + notes.front() + ", ignored: " + std::to_string(ignored.size());
    }
    return compare_dns(roll);
  }

  static Registration registration_of(const std::string& name, const std::string& row) {
    Registration made;
    made.key = {{registry::ZoneId{0}, name.substr(0, name.find('/'))}, name.substr(name.find('/') + 1)};
    std::string tags = row.substr(row.find("] [") + 3);
    std::erase_if(tags, [](char c) { return c == '"' || c == ']'; });
    if (!tags.empty()) made.tags = {tags};
    return made;
  }

  std::string compare_dns(const std::vector<Registration>& roll) {
    std::map<std::string, Names> wanted;  // A records by name
    for (const Registration& each : roll) {
      const std::string address = each.addresses.front().text();
      wanted[each.key.service.name].insert(address);
      wanted[fold(registry::label_of(each.key.id)) + "." + each.key.service.name].insert(address);
      for (const std::string& tag : each.tags) wanted[tag + "." + each.key.service.name].insert(address);
    }
    for (const std::string& service : k_services) {
      wanted[service];
      for (const std::string& id : k_ids) wanted[fold(registry::label_of(id)) + "." + service];
      for (const std::string& tag : k_tags) wanted[tag + "." + service];
    }
    for (const auto& [name, addresses] : wanted) {
      const auto answered = server_->ask(name + ".svc.internal", dns::Type::a);
      const std::vector<std::string> ends = answer::testing::rdata_ends(answered.answer);
      if (Names(ends.begin(), ends.end()) != addresses) return name + " is not answered as the roll has it";
    }
    return compare_static_names();
  }

  std::string compare_static_names() {
    for (const std::string& name : tree_.records) {
      const auto covers = [&](const std::string& above) { return is_at_or_below(name, above); };
      if (std::ranges::any_of(tree_.inner, covers) || std::ranges::any_of(tree_.cuts, covers)) continue;
      const auto answered = server_->ask(name + ".svc.internal", dns::Type::txt);
      if (answered.answer.size() != 1 || !answered.answer.front().ends_with("\"static " + name + "\"")) {
        return "the zone file's " + name + " is hidden: " + answered.rcode;
      }
    }
    return {};
  }

  Random random_;
  store::TemporaryDirectory directory_;
  ZoneFiles files_;
  Tree tree_;
  std::unique_ptr<Server> server_;
  std::uint32_t addresses_ = 0;
  int restarts_compared_ = 0;
  std::string problem_;
  std::deque<std::string> history_;
};

void walk(std::uint64_t seed) {
  std::printf("rules: ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Walk walk(seed);
  for (int i = 0; i < k_operations; ++i) {
    if (const std::string problem = walk.step(); !problem.empty()) {
      FAIL("ROLLCALL_SEED=" << seed << ", after\n" << walk.history() << problem);
    }
  }
  CHECK(walk.restarts_compared() > 10);
}

TEST_CASE("the roll, the rows that are ignored and the DNS agree, before, during and after a restart") {
  const char* one = std::getenv("ROLLCALL_SEED");
  if (one != nullptr) return walk(std::stoull(one));
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2026}, std::uint64_t{std::random_device()()}})
    walk(seed);
}

}  // namespace
}  // namespace rollcall::testing
