// Chooses an endpoint ten times a second, and says so whenever something has changed: example_keep_asking NAME [POLICY]
#include <chrono>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "rollcall/resolver.h"

int main(int argc, char** argv) {
  const std::map<std::string, rollcall::Policy> policies{
      {"weighted", rollcall::Policy::weighted},
      {"round-robin", rollcall::Policy::round_robin},
      {"least-recently-failed", rollcall::Policy::least_recently_failed},
  };
  const std::string policy = argc == 3 ? argv[2] : "round-robin";
  if (argc < 2 || argc > 3 || !policies.contains(policy)) {
    std::cerr << "usage: example_keep_asking NAME [weighted | round-robin | least-recently-failed]\n";
    return 2;
  }
  rollcall::Resolver resolver;
  std::string said;
  while (std::cout) {
    const rollcall::Resolution known = resolver.resolve(argv[1]);
    std::set<std::string> endpoints;
    for (const rollcall::Endpoint& endpoint : known.endpoints) endpoints.insert(endpoint.text());
    std::string line = std::string(rollcall::status_text(known.status)) + (known.is_stale ? " stale" : "");
    for (const std::string& endpoint : endpoints) line += " " + endpoint;
    if (line != said) std::cout << (said = line) << std::endl;
    const rollcall::Choice choice = resolver.pick(argv[1], {.policy = policies.at(policy), .key = {}});
    if (known && !choice) std::cout << "no choice: " << choice.message << std::endl;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}
