#include "support/etcd/etcd_server.h"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "catch.h"

namespace rollcall::testing {
namespace {

pid_t spawn(std::vector<std::string> command, const std::string& output) {
  std::vector<char*> arguments;
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  std::vector<std::string> set{"ETCDCTL_API=3", "PATH=/usr/bin:/bin:/usr/sbin"};
  std::vector<char*> environment;
  for (std::string& each : set) environment.push_back(each.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process = 0;
  const int failed = posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  INFO(command[0] << " is of the group etcd of tools/packages");
  REQUIRE(failed == 0);
  return process;
}

std::string read_file(const std::string& path) {
  std::string text;
  if (FILE* file = std::fopen(path.c_str(), "r")) {
    std::array<char, 4096> part;
    std::size_t size = 0;
    while ((size = std::fread(part.data(), 1, part.size(), file)) != 0) text.append(part.data(), size);
    std::fclose(file);
  }
  return text;
}

}  // namespace

std::uint16_t free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(listener);
  return ntohs(address.sin_port);
}

EtcdServer::EtcdServer(std::size_t members, std::vector<std::string> options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-etcd-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  for (std::size_t i = 0; i < members; ++i) members_.push_back({free_port(), free_port(), 0});
  for (std::size_t i = 0; i < members; ++i) start(i);
  wait_until_healthy();
}

EtcdServer::~EtcdServer() {
  for (std::size_t i = 0; i < members_.size(); ++i) kill(i);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string EtcdServer::endpoint(std::size_t member) const {
  return "http://127.0.0.1:" + std::to_string(members_.at(member).client_port);
}

std::vector<std::string> EtcdServer::endpoints() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < members_.size(); ++i) all.push_back(endpoint(i));
  return all;
}

void EtcdServer::start(std::size_t member) {
  std::string cluster;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    cluster += (i == 0 ? "m" : ",m") + std::to_string(i) + "=http://127.0.0.1:" + std::to_string(members_[i].peer_port);
  }
  const std::string name = "m" + std::to_string(member);
  const std::string peer = "http://127.0.0.1:" + std::to_string(members_[member].peer_port);
  std::vector<std::string> command{"etcd",
                                   "--name",
                                   name,
                                   "--data-dir",
                                   directory_ + "/" + name,
                                   "--listen-client-urls",
                                   endpoint(member),
                                   "--advertise-client-urls",
                                   endpoint(member),
                                   "--listen-peer-urls",
                                   peer,
                                   "--initial-advertise-peer-urls",
                                   peer,
                                   "--initial-cluster",
                                   cluster};
  command.insert(command.end(), options_.begin(), options_.end());
  members_[member].process = spawn(std::move(command), directory_ + "/" + name + ".log");
}

void EtcdServer::kill(std::size_t member) {
  pid_t& process = members_[member].process;
  if (process == 0) return;
  ::kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
  process = 0;
}

void EtcdServer::stop(std::size_t member) { ::kill(members_[member].process, SIGSTOP); }
void EtcdServer::go_on(std::size_t member) { ::kill(members_[member].process, SIGCONT); }

std::string EtcdServer::control(const std::vector<std::string>& arguments, const std::string& user) const {
  static int calls = 0;
  const std::string output = directory_ + "/control" + std::to_string(++calls);
  std::string all;
  for (const std::string& each : endpoints()) all += (all.empty() ? "" : ",") + each;
  std::vector<std::string> command{"etcdctl", "--endpoints", all, "--dial-timeout", "2s", "--command-timeout", "5s"};
  if (!user.empty()) command.insert(command.end(), {"--user", user});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const pid_t process = spawn(std::move(command), output);
  waitpid(process, nullptr, 0);
  return read_file(output);
}

void EtcdServer::wait_until_healthy(const std::string& user) const {
  for (int tries = 0; tries < 100; ++tries) {
    const std::string said = control({"endpoint", "health"}, user);
    if (said.find("is healthy") != std::string::npos && said.find("unhealthy") == std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FAIL("etcd does not become healthy: " << read_file(directory_ + "/m0.log"));
}

}  // namespace rollcall::testing
