#include "net/supervisor/channel.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "catch.h"

namespace rollcall::net {
namespace {

using namespace std::chrono_literals;

struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-channel-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

struct Pair {
  explicit Pair(const std::filesystem::path& path) : listener(std::move(*ChannelListener::listen(path))) {
    std::jthread accepting([&] { accepted = listener.accept(); });
    connected = Channel::connect(path);
    accepting.join();
    REQUIRE(connected);
    REQUIRE(accepted);
  }
  ChannelListener listener;
  std::optional<Channel> accepted;
  std::optional<Channel> connected;
};

}  // namespace

TEST_CASE("a message arrives whole, with its descriptors, close-on-exec") {
  const Directory directory;
  Pair pair(directory.path / "x.handover");
  std::array<int, 2> pipe{};
  REQUIRE(pipe2(pipe.data(), 0) == 0);
  const Descriptor out(pipe[0]);
  Descriptor in(pipe[1]);
  const std::string rest = std::string("some words\0and octets", 21);
  REQUIRE(pair.connected->send("state", rest, std::array{in.get()}));
  REQUIRE(pair.connected->send("end"));
  in = {};
  auto message = pair.accepted->receive(5s);
  REQUIRE(message);
  CHECK(message->word == "state");
  CHECK(message->rest == rest);
  REQUIRE(message->descriptors.size() == 1);
  CHECK((fcntl(message->descriptors.front().get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(::write(message->descriptors.front().get(), "y", 1) == 1);
  char octet = 0;
  CHECK(::read(out.get(), &octet, 1) == 1);
  CHECK(octet == 'y');
  message = pair.accepted->receive(5s);
  REQUIRE(message);
  CHECK(message->word == "end");
  CHECK(message->rest.empty());
  CHECK(pair.accepted->peer() == getpid());
  CHECK(pair.accepted->is_of_same_user());
}

TEST_CASE("a peer that has gone, and one that says nothing, are empty") {
  const Directory directory;
  Pair pair(directory.path / "x.handover");
  CHECK_FALSE(pair.accepted->receive(1ms));
  pair.connected.reset();
  CHECK_FALSE(pair.accepted->receive(5s));
  CHECK_FALSE(pair.accepted->send("hello"));
  CHECK_FALSE(Channel::connect(directory.path / "nobody"));
}

TEST_CASE("a message of the largest size arrives") {
  const Directory directory;
  Pair pair(directory.path / "x.handover");
  const std::string rest(Channel::k_message_bytes_max, 'x');
  REQUIRE(pair.connected->send("http-connection", rest));
  const auto message = pair.accepted->receive(5s);
  REQUIRE(message);
  CHECK(message->rest == rest);
}

TEST_CASE("the socket is for its user alone, replaces one that was left, and lies in a directory with a long name") {
  const Directory directory;
  const std::filesystem::path deep = directory.path / std::string(120, 'd');
  std::filesystem::create_directory(deep);
  const std::filesystem::path path = deep / "x.handover";
  {
    Pair left(path);
  }
  Pair pair(path);
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(S_ISSOCK(found.st_mode));
}

TEST_CASE("close ends an accept that waits") {
  const Directory directory;
  ChannelListener listener = std::move(*ChannelListener::listen(directory.path / "x.handover"));
  std::jthread closing([&] { listener.close(); });
  CHECK_FALSE(listener.accept());
}

}  // namespace rollcall::net
