#include "net/sockets/tcp_listener.h"

#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <vector>

#include "catch.h"

namespace rollcall::net {

// A connection that was reset between poll and accept would otherwise stop the loop until the next client comes.
TEST_CASE("a listening socket that another program bound does not wait in accept") {
  std::vector<std::unique_ptr<EventLoop>> loops;
  loops.push_back(std::make_unique<EventLoop>());
  ClientLimit clients(8);
  ConnectionCounters counters;
  Descriptor given(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(given.get(), 1) == 0);
  const int socket = given.get();
  REQUIRE((fcntl(socket, F_GETFL) & O_NONBLOCK) == 0);
  const TcpListener listener(*loops.front(), std::move(given), loops,
                             {.connections_max = 8, .counters = counters, .clients = clients}, nullptr, {});
  CHECK((fcntl(socket, F_GETFL) & O_NONBLOCK) != 0);
}

}  // namespace rollcall::net
