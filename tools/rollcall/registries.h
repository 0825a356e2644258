// A writing call to all registries that `--http` names: each option is a registry of its own, and knows nothing of the
// others. Each is told, whatever the others answer; its nodes (with commas) are tried one after the other.
//
// Threads  one for each registry: one that is away does not keep the others waiting. The calls share nothing.
// Failure  of one registry: a remark that names it. The exit code is that of the first that failed.
// Source   docs/rollcall.md, "Several addresses".
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {

// What a registry has answered: as JSON, and as a sentence without its line end (empty: nothing is printed).
struct Told {
  boost::json::value answer;
  std::string sentence;
};

using Tell = std::function<Result<Told>(Session&)>;

// Tells them all, and prints what they answer, in the order of the options: each line behind the registry's name, or as
// JSON with a member "registry", where there are several.
[[nodiscard]] Result<int> tell_registries(Session& session, const Tell& tell);

// The options of each registry by itself, in their order.
[[nodiscard]] std::vector<Globals> registries_of(const Globals& globals);

// Registries in their order, with the exit code that each call has come to or its error. Says the errors where there are
// several registries; the one error of one is returned.
[[nodiscard]] Result<int> sum_up(const Session& session,
                                 const std::vector<std::pair<std::string, Result<int>>>& outcomes);

}  // namespace rollcall::cli
