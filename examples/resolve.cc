// Prints where a service can be reached: example_resolve NAME
#include <iostream>

#include "rollcall/resolver.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: example_resolve NAME\n";
    return 2;
  }
  rollcall::Resolver resolver;
  const rollcall::Resolution found = resolver.resolve(argv[1]);
  for (const rollcall::Endpoint& endpoint : found.endpoints) {
    std::cout << endpoint.text() << " " << endpoint.target << " priority " << endpoint.priority << " weight "
              << endpoint.weight << "\n";
  }
  if (!found) std::cerr << rollcall::status_text(found.status) << ": " << found.message << "\n";
  return found ? 0 : 1;
}
