// A program that uses the library may start others at any time: they get none of its connections.
#include "unit/base/inherited_files.h"

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "catch.h"
#include "rollcall/registration.h"
#include "rollcall/resolver.h"
#include "unit/client/within.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using rollcall::testing::inherited_files;

// Takes what comes to a port of 127.0.0.1, and says nothing.
class Silent {
 public:
  explicit Silent(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    if (type == SOCK_STREAM) REQUIRE(::listen(fd_, 8) == 0);
    text_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  ~Silent() { ::close(fd_); }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  int fd_;
  std::string text_;
};

std::size_t open_sockets() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with("socket:")) ++count;
  }
  return count;
}

TEST_CASE("no socket of the library is inherited by a command") {
  const Silent name_server(SOCK_DGRAM);
  const Silent registry(SOCK_STREAM);
  const std::size_t sockets_before = open_sockets();
  const auto before = inherited_files();
  Resolver resolver({.servers = {name_server.text()}, .try_timeout = 1s, .tries = 1, .patience = 1s});
  auto resolution = resolver.resolve_async("web");
  Registration registration({.service = "web",
                             .port = 8080,
                             .addresses = {"192.0.2.1"},
                             .registries = {"http://" + registry.text()},
                             .request_timeout = 2s,
                             .drains = false});
  // One for the question, one for the call.
  REQUIRE(within(5s, [&] { return open_sockets() >= sockets_before + 2; }));
  CHECK(inherited_files() == before);
  static_cast<void>(registration.stop(1ms));
}

}  // namespace
}  // namespace rollcall::client
