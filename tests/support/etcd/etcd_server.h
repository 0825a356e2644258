// Real etcd for tests: one or several members on loopback, in a directory of their own.
//
// Owner    whoever tests; destroyed: all members are killed, and the directory is removed.
// Failure  a REQUIRE of Catch2.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rollcall::testing {

class EtcdServer {
 public:
  // `options`: of every member.
  explicit EtcdServer(std::size_t members = 1, std::vector<std::string> options = {});
  ~EtcdServer();
  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;

  [[nodiscard]] std::string endpoint(std::size_t member = 0) const;
  [[nodiscard]] std::vector<std::string> endpoints() const;
  void start(std::size_t member);
  void kill(std::size_t member);
  void stop(std::size_t member);  // SIGSTOP
  void go_on(std::size_t member);

  // etcdctl with these arguments; what it prints.
  std::string control(const std::vector<std::string>& arguments, const std::string& user = {}) const;
  [[nodiscard]] const std::string& directory() const { return directory_; }
  void wait_until_healthy(const std::string& user = {}) const;

 private:
  struct Member {
    std::uint16_t client_port = 0;
    std::uint16_t peer_port = 0;
    pid_t process = 0;
  };
  const std::vector<std::string> options_;
  std::string directory_;
  std::vector<Member> members_;
};

// A port of 127.0.0.1 that nobody listened on just now.
[[nodiscard]] std::uint16_t free_port();

}  // namespace rollcall::testing
