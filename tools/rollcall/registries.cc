#include "tools/rollcall/registries.h"

#include <boost/json/object.hpp>
#include <thread>

#include "tools/rollcall/exit_code.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

void say(const Session& session, const Told& told) {
  if (session.wants_json()) {
    session.print_json(told.answer);
  } else if (!told.sentence.empty()) {
    session.print(told.sentence + "\n");
  }
}

// One of several.
Told named(Told told, const std::string& registry) {
  if (told.answer.is_object()) told.answer.get_object()["registry"] = registry;
  if (!told.sentence.empty()) told.sentence = registry + ": " + told.sentence;
  return told;
}

}  // namespace

std::vector<Globals> registries_of(const Globals& globals) {
  std::vector<Globals> all;
  for (const std::string& registry : globals.http) {
    all.push_back(globals);
    all.back().http = {registry};
  }
  return all;
}

Result<int> sum_up(const Session& session, const std::vector<std::pair<std::string, Result<int>>>& outcomes) {
  if (outcomes.size() == 1) return outcomes.front().second;
  int code = k_done;
  for (const auto& [registry, outcome] : outcomes) {
    if (!outcome) session.remark(registry + ": " + outcome.error().message);
    if (code == k_done) code = outcome ? *outcome : exit_code(outcome.error().code);
  }
  return code;
}

Result<int> tell_registries(Session& session, const Tell& tell) {
  const std::vector<Globals> registries = registries_of(session.globals());
  if (registries.size() == 1) {
    const Result<Told> told = tell(session);
    if (!told) return std::unexpected(told.error());
    say(session, *told);
    return k_done;
  }
  std::vector<Result<Told>> answers(registries.size());
  {
    std::vector<std::jthread> calls;
    for (std::size_t i = 0; i < registries.size(); ++i) {
      calls.emplace_back([&tell, &answer = answers[i], &globals = registries[i]] {
        Session one(globals);
        answer = tell(one);
      });
    }
  }
  std::vector<std::pair<std::string, Result<int>>> outcomes;
  for (std::size_t i = 0; i < registries.size(); ++i) {
    const std::string& registry = registries[i].http.front();
    if (answers[i]) say(session, named(*answers[i], registry));
    outcomes.emplace_back(registry, answers[i] ? Result<int>(k_done) : std::unexpected(answers[i].error()));
  }
  return sum_up(session, outcomes);
}

}  // namespace rollcall::cli
