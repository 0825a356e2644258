// Connects to a service, and to another of its endpoints when one does not answer: example_connect NAME
#include <arpa/inet.h>
#include <cstring>
#include <iostream>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rollcall/resolver.h"

namespace {

// A connected socket; -1 when there is none.
int connect_to(const rollcall::Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* way = nullptr;
  if (getaddrinfo(endpoint.address().c_str(), std::to_string(endpoint.port).c_str(), &hints, &way) != 0) return -1;
  int connection = socket(way->ai_family, way->ai_socktype, 0);
  if (connection >= 0 && connect(connection, way->ai_addr, way->ai_addrlen) != 0) {
    std::cerr << endpoint.text() << ": " << std::strerror(errno) << "\n";
    close(connection);
    connection = -1;
  }
  freeaddrinfo(way);
  return connection;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: example_connect NAME\n";
    return 2;
  }
  rollcall::Resolver resolver;
  int connection = -1;
  const rollcall::Choice used = resolver.attempt(argv[1], [&](const rollcall::Endpoint& endpoint) {
    connection = connect_to(endpoint);
    return connection >= 0;
  });
  if (!used) {
    std::cerr << rollcall::status_text(used.status) << ": " << used.message << "\n";
    return 1;
  }
  std::cout << "connected to " << used.endpoint.text() << "\n";
  close(connection);
}
