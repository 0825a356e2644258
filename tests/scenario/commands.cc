#include "scenario/commands.h"

#include <stdexcept>
#include <utility>

#include "answer/zone/builtin_zone.h"
#include "base/duration.h"
#include "registry/instance/registration.h"
#include "scenario/expectation.h"
#include "scenario/registration_words.h"

namespace rollcall::testing {
namespace {

using registry::InstanceKey;
using registry::Registration;
using std::chrono::milliseconds;

constexpr std::string_view k_refused = "refused ";

std::string refusal(const Error& error) {
  constexpr std::pair<Errc, std::string_view> k_names[] = {
      {Errc::invalid, "invalid"},
      {Errc::conflict, "conflict"},
      {Errc::unknown_instance, "unknown_instance"},
      {Errc::store_busy, "store_busy"},
      {Errc::store_failed, "store_failed"},
      {Errc::unknown_zone, "unknown_zone"},
  };
  std::string text(k_refused);
  for (const auto& [code, name] : k_names) {
    if (code == error.code) text += name;
  }
  if (!error.field.empty()) text += " field=" + error.field;
  return text;
}

std::string expires_in(registry::LeaseTime end, registry::LeaseTime now) {
  const auto left = end - now;
  const auto whole = std::chrono::floor<milliseconds>(left);
  return whole == left ? format_duration(whole) : format_duration(whole) + "+";
}

answer::AnswerPolicy read_policy(Options& options, answer::AnswerPolicy policy) {
  if (const auto text = options.take("ttl")) {
    policy.ttl_seconds =
        static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(parse_time(*text)).count());
  }
  if (const auto text = options.take("answer_limit")) policy.answer_limit = number_of(*text);
  if (const auto text = options.take("when_empty")) {
    policy.when_empty = *text == "servfail"   ? answer::WhenEmpty::servfail
                        : *text == "nxdomain" ? answer::WhenEmpty::nxdomain
                                              : answer::WhenEmpty::nodata;
  }
  return policy;
}

Options options_from(const Command& command, std::size_t first) {
  const auto begin = command.words.begin() + static_cast<std::ptrdiff_t>(std::min(first, command.words.size()));
  return Options({begin, command.words.end()});
}

}  // namespace

Commands::Commands() {
  commands_ = {{"zone", &Commands::zone},
               {"settings", &Commands::settings},
               {"register", &Commands::register_instance},
               {"heartbeat", &Commands::heartbeat},
               {"deregister", &Commands::deregister},
               {"drain", &Commands::drain},
               {"undrain", &Commands::undrain},
               {"check", &Commands::check},
               {"end", &Commands::end},
               {"edit", &Commands::edit},
               {"events", &Commands::events},
               {"roll", &Commands::roll},
               {"services", &Commands::services},
               {"query", &Commands::query},
               {"pass", &Commands::pass},
               {"pause", &Commands::pause},
               {"wall-clock", &Commands::step_wall_clock},
               {"restart", &Commands::restart},
               {"store", &Commands::store},
               {"stored", &Commands::stored}};
}

std::string Commands::run(const Command& command) {
  const auto known = commands_.find(command.words.front());
  if (known == commands_.end()) throw std::runtime_error("there is no command \"" + command.words.front() + "\"");
  return (this->*known->second)(command);
}

SimulatedServer& Commands::server() {
  if (server_ == nullptr) {
    if (settings_.zones.empty()) settings_.zones.emplace_back("svc.internal", answer::builtin_zone_text());
    server_ = std::make_unique<SimulatedServer>(settings_);
  }
  return *server_;
}

// Without a word of what is expected, a command must succeed.
std::string Commands::judge(const Command& command, std::string_view refused, std::string came) const {
  if (!command.indented.empty()) return compare_lines(command.indented, {std::move(came)});
  return came.starts_with(refused) ? "got: " + came : "";
}

std::string Commands::zone(const Command& command) {
  if (server_ != nullptr) throw std::runtime_error("zones come before everything else");
  std::string text;
  for (const Line& line : command.indented) text += line.text + "\n";
  if (text.empty()) text = answer::builtin_zone_text();
  settings_.zones.emplace_back(command.words.at(1), std::move(text));
  return "";
}

std::string Commands::settings(const Command& command) {
  Options options = options_from(command, 1);
  const auto forget = options.take("forget_service_after");
  if (forget && server_ != nullptr) throw std::runtime_error("forget_service_after comes before everything else");
  if (forget) settings_.forget_service_after = std::chrono::floor<milliseconds>(parse_time(*forget));
  settings_.policy = read_policy(options, settings_.policy);
  if (const auto payload = options.take("udp_payload")) settings_.udp_payload = std::stoul(*payload);
  options.expect_none_left();
  server().reload(settings_.policy, settings_.udp_payload);
  return "";
}

InstanceKey Commands::key_of(const Command& command, Options& options) {
  const auto zone = server().zones().find(options.take("zone").value_or(settings_.zones.front().first));
  if (!zone) throw std::runtime_error("no such zone");
  return {{*zone, command.words.at(1)}, command.words.at(2)};
}

std::string Commands::register_instance(const Command& command) {
  Options options = options_from(command, 4);
  Registration draft;
  draft.key = key_of(command, options);
  const std::optional<Error> error = read_registration(command.words.at(3), options, draft);
  options.expect_none_left();
  const registry::Outcome outcome =
      error ? registry::Outcome(std::unexpected(*error)) : server().register_instance(std::move(draft));
  if (!outcome) return judge(command, k_refused, refusal(outcome.error()));
  std::string came = outcome->created ? "created" : outcome->changed ? "updated" : "renewed";
  came += " index=" + std::to_string(outcome->index) + " label=" + outcome->label +
          " status=" + std::string(to_text(outcome->status)) +
          " expires_in=" + expires_in(outcome->expires_at, server().now());
  return judge(command, k_refused, std::move(came));
}

std::string Commands::heartbeat(const Command& command) {
  Options options = options_from(command, 3);
  const Result<registry::Renewed> renewed = server().heartbeat(key_of(command, options));
  if (!renewed) return judge(command, k_refused, refusal(renewed.error()));
  return judge(command, k_refused, "renewed expires_in=" + expires_in(renewed->expires_at, server().now()));
}

std::string Commands::deregister(const Command& command) {
  Options options = options_from(command, 3);
  const registry::Outcome outcome = server().deregister(key_of(command, options));
  if (!outcome) return judge(command, k_refused, refusal(outcome.error()));
  return judge(command, k_refused, "gone index=" + std::to_string(outcome->index));
}

// What came of a change of an instance that is there.
std::string Commands::judge_standing(const Command& command, registry::Change change) {
  const registry::Outcome outcome = std::move(server().apply({std::move(change)}).front());
  if (!outcome) return judge(command, k_refused, refusal(outcome.error()));
  return judge(command, k_refused,
               std::string(outcome->changed ? "changed" : "unchanged") + " index=" + std::to_string(outcome->index) +
                   " status=" + std::string(to_text(outcome->status)));
}

std::string Commands::drain(const Command& command) {
  Options options = options_from(command, 3);
  const InstanceKey key = key_of(command, options);
  const registry::Outcome outcome = std::move(server().apply({registry::SetDraining{key, true}}).front());
  if (!outcome) return judge(command, k_refused, refusal(outcome.error()));
  const rcu::ReadLock lock;
  const registry::LeaseTime safe = server().registry().find_instance(key.ref())->safe.get();
  const auto left = std::max(registry::LeaseTime::duration::zero(), safe - server().now());
  return judge(command, k_refused,
               std::string(outcome->changed ? "changed" : "unchanged") + " index=" + std::to_string(outcome->index) +
                   " safe_in=" + format_duration(std::chrono::ceil<milliseconds>(left)));
}

std::string Commands::undrain(const Command& command) {
  Options options = options_from(command, 3);
  return judge_standing(command, registry::SetDraining{key_of(command, options), false});
}

// check SERVICE ID fails [sentence], check SERVICE ID passes
std::string Commands::check(const Command& command) {
  const bool is_critical = command.words.at(3) == "fails";
  std::string output;
  for (std::size_t i = 4; i < command.words.size(); ++i) output += (i == 4 ? "" : " ") + command.words[i];
  Options options({});
  return judge_standing(command, registry::SetHealth{key_of(command, options), {}, is_critical, std::move(output)});
}

std::string Commands::end(const Command& command) {
  Options options = options_from(command, 3);
  return judge_standing(command, registry::End{key_of(command, options), {}, "connection refused"});
}

// edit SERVICE ID ADDRESS:PORT STATUS, with the words of a registration
std::string Commands::edit(const Command& command) {
  Options options = options_from(command, 5);
  Registration draft;
  draft.key = key_of(command, options);
  if (const auto error = read_registration(command.words.at(3), options, draft))
    return judge(command, k_refused, refusal(*error));
  options.expect_none_left();
  const std::string& word = command.words.at(4);
  const registry::Status status = word == "draining"   ? registry::Status::draining
                                  : word == "critical" ? registry::Status::critical
                                                       : registry::Status::ready;
  const auto row = registry::normalise(std::move(draft), {}, server().zones().apex_bytes_of(draft.key.service.zone));
  if (!row) return judge(command, k_refused, refusal(row.error()));
  return judge_standing(command, registry::Edit{*row, status});
}

// What has been recorded since the last look, the oldest first.
std::string Commands::events(const Command& command) {
  std::vector<std::string> lines;
  const auto& recorded = server().journal().events;
  for (; events_seen_ < recorded.size(); ++events_seen_) {
    const registry::Event& event = *recorded[events_seen_];
    lines.push_back(event.key.service.name + " " + event.key.id + " " + std::string(to_text(event.kind)) + ": " +
                    std::string(to_text(event.cause)));
  }
  return compare_lines(command.indented, lines);
}

std::string Commands::roll(const Command& command) {
  std::vector<std::string> lines;
  const rcu::ReadLock lock;
  const registry::Service* service = server().registry().find_service({registry::ZoneId{0}, command.words.at(1)});
  if (service == nullptr) return compare_lines(command.indented, {"unknown"});
  for (const registry::Instance* instance : service->instances) {
    lines.push_back(std::string(instance->id()) + " " + std::string(to_text(instance->status)) +
                    " index=" + std::to_string(instance->index) +
                    " expires_in=" + expires_in(instance->lease.expires_at(), server().now()));
  }
  return compare_lines(command.indented, lines);
}

std::string Commands::services(const Command& command) {
  std::map<std::string, std::string> lines;
  const rcu::ReadLock lock;
  server().registry().for_each_service([&](const registry::Service& service) {
    lines[service.service.name] = service.service.name + " index=" + std::to_string(service.index) +
                                  " instances=" + std::to_string(service.instances.size());
  });
  std::vector<std::string> sorted;
  for (const auto& [name, line] : lines) sorted.push_back(line);
  return compare_lines(command.indented, sorted);
}

std::string Commands::query(const Command& command) {
  answer::testing::Ask ask{.name = command.words.at(2), .type = answer::testing::type_of(command.words.at(1))};
  bool in_order = false;
  for (std::size_t i = 3; i < command.words.size(); ++i) {
    const std::string& word = command.words[i];
    if (word == "tcp") {
      ask.transport = answer::Transport::tcp;
    } else if (word == "rd") {
      ask.recursion_desired = true;
    } else if (word.starts_with("payload=")) {
      ask.payload = number_of(word.substr(8));
    } else if (word == "in" || word == "order") {
      in_order = true;
    } else {
      throw std::runtime_error("a query has no \"" + word + "\"");
    }
  }
  return compare_answer(command.indented, server().query(ask), in_order);
}

std::string Commands::pass(const Command& command) {
  const auto time = parse_time(command.words.at(1));
  if (command.words.size() == 2) {
    server().pass(time);
  } else if (command.words.at(2) == "unswept") {
    server().pass_without_writer(time);
  } else {
    throw std::runtime_error("time passes, or passes unswept");
  }
  return "";
}

std::string Commands::pause(const Command& command) {
  server().pause(parse_time(command.words.at(1)));
  return "";
}

std::string Commands::step_wall_clock(const Command& command) {
  const std::string& by = command.words.at(1);
  const auto time = std::chrono::duration_cast<milliseconds>(parse_time(by.substr(1)));
  server().set_wall_clock(by.front() == '-' ? -time : time);
  return "";
}

std::string Commands::restart(const Command& command) {
  Options options = options_from(command, 1);
  server().restart(parse_time(options.take("after").value_or("0s")));
  options.expect_none_left();
  return "";
}

std::string Commands::store(const Command& command) {
  const std::string& how = command.words.at(1);
  server().store_takes = {};
  server().journal().fails_with.reset();
  if (how == "fails") {
    server().journal().fails_with = Errc::store_failed;
  } else if (how == "busy") {
    server().journal().fails_with = Errc::store_busy;
  } else if (how == "takes") {
    server().store_takes = parse_time(command.words.at(2));
  } else if (how != "works") {
    throw std::runtime_error("a store works, fails, is busy or takes its time");
  }
  return "";
}

// A row as somebody has changed it, or as it is. It counts from the next restart on.
std::string Commands::stored(const Command& command) {
  auto& rows = server().journal().instances;
  const auto row = rows.find({{registry::ZoneId{0}, command.words.at(1)}, command.words.at(2)});
  const std::string& what = command.words.at(3);
  if (what == "nothing") return row == rows.end() ? "" : "got: a row";
  if (row == rows.end()) return "got: no row";
  for (const registry::Status status :
       {registry::Status::ready, registry::Status::draining, registry::Status::critical}) {
    if (to_text(status) == what) row->second.standing = status;
  }
  return "";
}

}  // namespace rollcall::testing
