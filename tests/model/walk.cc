#include "model/walk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "registry/instance/registration.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using registry::Change;
using registry::Deregister;
using registry::InstanceKey;
using registry::Register;
using registry::Registration;
using registry::ServiceKey;
using registry::ZoneId;

constexpr std::string_view k_zone_text = R"(
$TTL 60
@    1   IN  SOA  ns hostmaster 1 10 5 1h 1
@        IN  NS   ns
ns       IN  A    192.0.2.53
)";
constexpr std::array k_zones{"svc.internal", "lab.example"};
// "A" is "a" in the DNS, "c_1" has a derived label, and "blue" is a tag too.
constexpr std::array k_ids{"a", "A", "b", "c_1", "blue", "d"};
constexpr std::array k_tags{"blue", "green", "a"};
constexpr std::array k_addresses{"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"};
constexpr std::array<std::chrono::milliseconds, 5> k_ttls{1s, 2s, 5s, 15s, 60s};
constexpr std::size_t k_history = 12;
constexpr auto k_unrecorded_at_most = 500ms;  // as registry::Writer

SimulatedSettings settings() {
  SimulatedSettings made;
  for (const char* zone : k_zones) made.zones.emplace_back(zone, k_zone_text);
  return made;
}

std::string text_of(const InstanceKey& key) {
  return key.service.name + "/" + key.id + (key.service.zone == ZoneId{1} ? " (lab)" : "");
}

std::string text_of(const Change& change) {
  if (const Deregister* gone = std::get_if<Deregister>(&change.asked)) return "deregister " + text_of(gone->key);
  if (const registry::End* end = std::get_if<registry::End>(&change.asked)) return "end " + text_of(end->key);
  if (const auto* drain = std::get_if<registry::SetDraining>(&change.asked)) {
    return (drain->is_draining ? "drain " : "undrain ") + text_of(drain->key);
  }
  if (const auto* health = std::get_if<registry::SetHealth>(&change.asked)) {
    return (health->is_critical ? "critical: " : "healthy: ") + text_of(health->key);
  }
  const auto* edit = std::get_if<registry::Edit>(&change.asked);
  const Registration& r = edit != nullptr ? edit->registration : std::get<Register>(change.asked).registration;
  std::string text = (edit != nullptr ? "edit, " + std::string(to_text(edit->standing.status())) : "register") + " " +
                     text_of(r.key) + " port=" + std::to_string(r.port) + " priority=" + std::to_string(r.priority) +
                     " ttl=" + std::to_string(r.ttl.count()) + "ms";
  for (const IpAddress& address : r.addresses) text += " " + address.text();
  for (const std::string& tag : r.tags) text += " #" + tag;
  return text;
}

}  // namespace

Walk::Walk(std::uint64_t seed) : random_(seed), server_(settings()) {}

void Walk::note(std::string operation) {
  history_.push_back(std::to_string(steps_) + ": " + std::move(operation));
  if (history_.size() > k_history) history_.pop_front();
}

std::string Walk::history() const {
  std::string text;
  for (const std::string& line : history_) text += "  " + line + "\n";
  return text;
}

ServiceKey Walk::any_service() {
  constexpr std::array k_names{"web", "web", "web", "db", "ns"};
  const std::uint32_t pick = below(k_names.size() + 1);
  if (pick == k_names.size()) return {ZoneId{1}, "web"};
  return {ZoneId{0}, k_names.at(pick)};
}

InstanceKey Walk::any_key() { return {any_service(), k_ids.at(below(k_ids.size()))}; }

Registration Walk::any_registration() {
  Registration made;
  made.key = any_key();
  // Mostly what it was: a heartbeat, or a change of one field.
  const auto known = model_.visible.instances.find(made.key);
  if (known != model_.visible.instances.end()) {
    made = known->second.registration;
    if (!one_in(3)) return made;
  } else {
    made.ttl = k_ttls.at(below(k_ttls.size()));
    made.port = static_cast<std::uint16_t>(8080 + below(2));
    made.addresses = {*IpAddress::parse(k_addresses.at(below(k_addresses.size())))};
  }
  switch (below(6)) {
    case 0: made.priority = static_cast<std::uint16_t>(below(3)); break;
    case 1: made.weight = static_cast<std::uint16_t>(below(3)); break;
    case 2: made.tags = {k_tags.at(below(k_tags.size()))}; break;
    case 3: made.protocol = one_in(2) ? registry::Protocol::udp : registry::Protocol::tcp; break;
    case 4: made.addresses.push_back(*IpAddress::parse(k_addresses.at(below(k_addresses.size())))); break;
    default: made.ttl = k_ttls.at(below(k_ttls.size())); break;
  }
  return registry::normalise(made, {}, 14).value();
}

Change Walk::any_change() {
  switch (below(20)) {
    case 0:
    case 1:
    case 2: return Deregister{any_key()};
    case 3: return registry::End{any_key(), {}, "connection refused"};
    case 4:
    case 5: return registry::SetDraining{any_key(), !one_in(3)};
    case 6:
    case 7: return registry::SetHealth{any_key(), {}, one_in(2), "no answer"};
    case 8: return registry::Edit{any_registration(), static_cast<registry::Status>(below(3))};
    default: return Register{any_registration()};
  }
}

Question Walk::any_question() {
  constexpr std::array k_types{dns::Type::a, dns::Type::aaaa, dns::Type::srv};
  Question question{.service = any_service()};
  question.zone = k_zones.at(static_cast<std::size_t>(question.service.zone));
  if (question.service.name == "ns") question.service.name = "db";  // the zone file answers for that one
  question.type = k_types.at(below(k_types.size()));
  question.by_protocol = one_in(4);
  question.protocol = one_in(3) ? registry::Protocol::udp : registry::Protocol::tcp;
  if (one_in(2)) question.below = one_in(2) ? registry::label_of(k_ids.at(below(k_ids.size()))) : k_tags.at(below(3));
  return question;
}

std::string Walk::step() {
  ++steps_;
  std::string difference;
  const std::uint32_t pick = below(1000);
  if (pick < 500) {
    difference = change_the_roll();
  } else if (pick < 750) {
    difference = heartbeat();
  } else if (pick < 970) {
    difference = let_time_pass();
  } else if (pick < 985) {
    let_the_store_fail_or_work();
  } else if (pick < 990) {
    reload();
  } else {
    restart();
  }
  if (difference.empty()) difference = compare_store();
  if (difference.empty()) difference = compare_roll();
  for (int i = 0; i < 3 && difference.empty(); ++i) difference = ask(any_question());
  return difference;
}

std::string Walk::change_the_roll() {
  std::vector<Change> changes;
  const std::uint32_t count = one_in(4) ? 1 + below(6) : 1;
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    changes.push_back(any_change());
    text += (i == 0 ? "" : ", ") + text_of(changes.back());
  }
  note(text);
  const auto predicted = model_.apply(changes, server_.now(), server_.wall(), server_.journal().fails_with);
  const auto outcomes = server_.apply(changes);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (std::string difference = compare_outcome(outcomes.at(i), predicted.at(i), changes[i]); !difference.empty()) {
      return difference;
    }
  }
  return "";
}

std::string Walk::heartbeat() {
  const InstanceKey key = any_key();
  note("heartbeat " + text_of(key));
  const bool expected = model_.heartbeat(key, server_.now());
  const auto renewed = server_.heartbeat(key);
  if (renewed.has_value() != expected) return expected ? "the heartbeat was refused" : "the heartbeat was taken";
  if (expected && renewed->expires_at != model_.visible.instances.at(key).deadline) return "another end of the lease";
  return "";
}

std::string Walk::let_time_pass() {
  std::chrono::milliseconds time{below(1500)};
  if (one_in(20)) time = std::chrono::milliseconds(below(20'000));
  if (one_in(200)) time = std::chrono::minutes(below(70));
  const auto next = model_.next_event();
  if (next && one_in(4)) time = std::chrono::ceil<std::chrono::milliseconds>(*next - server_.now());  // to the very end
  time = std::max(time, 0ms);
  if (one_in(10)) {
    note(std::to_string(time.count()) + " ms without a sweep");
    server_.pass_without_writer(time);
    return "";
  }
  note(std::to_string(time.count()) + " ms");
  const auto from = server_.now();
  const auto wall = server_.wall();
  server_.pass(time);
  model_.pass(from, server_.now(), wall);
  const bool may_be_unrecorded = server_.journal().fails_with || time < k_unrecorded_at_most;
  return server_.registry().has_unrecorded_rows() && !may_be_unrecorded
             ? "the store works, and rows are still not recorded"
             : "";
}

void Walk::let_the_store_fail_or_work() {
  auto& fails_with = server_.journal().fails_with;
  if (fails_with) {
    fails_with.reset();
  } else {
    fails_with = one_in(2) ? Errc::store_busy : Errc::store_failed;
  }
  note(fails_with ? "the store fails" : "the store works");
}

// Somebody may have drained an instance in the database meanwhile.
void Walk::restart() {
  std::string text = "restart";
  if (!model_.stored.instances.empty() && one_in(2)) {
    auto at = model_.stored.instances.begin();
    std::advance(at, below(static_cast<std::uint32_t>(model_.stored.instances.size())));
    at->second.standing = one_in(3) ? registry::Status::ready : registry::Status::draining;
    server_.journal().instances.at(at->first).standing = at->second.standing;
    text += ", " + text_of(at->first) + " is " + std::string(to_text(at->second.status()));
  }
  const std::chrono::milliseconds down = one_in(50) ? std::chrono::minutes(below(50)) : 0min;
  note(text + " after " + std::to_string(down.count()) + " ms");
  server_.restart(down);
  model_.restart(server_.now(), server_.wall());
}

void Walk::reload() {
  const answer::AnswerPolicy policy{.ttl_seconds = 1 + below(20),
                                    .when_empty = static_cast<answer::WhenEmpty>(below(3))};
  note("reload: ttl " + std::to_string(policy.ttl_seconds) + ", when empty " +
       std::to_string(static_cast<int>(policy.when_empty)));
  server_.reload(policy, server_.udp_payload());
}

}  // namespace rollcall::testing
