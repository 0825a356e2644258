#include "conformance/server.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"

namespace rollcall::conformance {
namespace {

namespace fs = std::filesystem;

fs::path program() {
  if (const char* named = std::getenv("ROLLCALLD")) return named;
  return fs::read_symlink("/proc/self/exe").parent_path() / "rollcalld";
}

class OwnServer {
 public:
  OwnServer() {
    std::string directory = (fs::temp_directory_path() / "rollcall-conformance-XXXXXX").string();
    if (mkdtemp(directory.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = directory;
    write_settings();
    std::array<int, 2> pipe{};
    if (pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ < 0) throw std::runtime_error("no process");
    if (child_ == 0) run(pipe[1]);
    close(pipe[1]);
    read_ready_lines(pipe[0]);
    close(pipe[0]);
  }
  ~OwnServer() {
    kill(child_, SIGTERM);
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  Endpoint dns;
  Endpoint http;

 private:
  // Who may transfer what; the flags name the zones.
  void write_settings() const {
    std::ofstream(directory_ / "settings.toml") << R"(
[[key]]
name = "transfer"
secret = "dGhpcnR5LXR3byBvY3RldHMgb2YgdGVzdCBzZWNyZXQ="
[[zone]]
name = "c.test"
transfer_to = ["127.0.0.0/8", "::1"]
)";
  }
  [[noreturn]] void run(int output) const {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    const std::string binary = program().string();
    const std::string database = (directory_ / "rollcall.db").string();
    const std::string zone = "c.test=" ROLLCALL_SOURCE_DIR "/tests/conformance/c.test.zone";
    const std::string wild = "w.test=" ROLLCALL_SOURCE_DIR "/tests/conformance/w.test.zone";
    const std::string settings = (directory_ / "settings.toml").string();
    execl(binary.c_str(), "rollcalld", "--config", settings.c_str(), "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0",
          "--db", database.c_str(), "--zone", zone.c_str(), "--zone", wild.c_str(), "--log-level", "error", nullptr);
    std::perror(binary.c_str());
    _exit(127);
  }

  // Three lines to paste (interface.md §1), with the ports that were picked.
  void read_ready_lines(int input) {
    static const std::regex k_http(R"(http://([0-9.]+:\d+)/)");
    static const std::regex k_dns(R"(dig @([0-9.]+) -p (\d+) \S+ SRV)");
    std::string text;
    std::array<char, 4096> piece{};
    std::smatch found;
    while (!std::regex_search(text, found, k_dns)) {
      const ssize_t got = read(input, piece.data(), piece.size());
      if (got <= 0) throw std::runtime_error(program().string() + " has not become ready");
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    dns = Endpoint::parse(found[1].str() + ':' + found[2].str());
    std::regex_search(text, found, k_http);
    http = Endpoint::parse(found[1].str());
  }

  fs::path directory_;
  pid_t child_ = -1;
};

OwnServer& own_server() {
  static OwnServer server;
  return server;
}

const char* other_address() { return std::getenv("CONFORMANCE_ADDRESS"); }

}  // namespace

const Endpoint& dns_server() {
  if (other_address() == nullptr) return own_server().dns;
  static const Endpoint k_other = Endpoint::parse(other_address());
  return k_other;
}

bool has_roll() { return other_address() == nullptr; }

void register_instance(std::string_view fields, std::string_view lease) {
  REQUIRE(has_roll());
  const std::string body = "{\"ttl\":\"" + std::string(lease) + "\"," + std::string(fields) + "}";
  const HttpAnswer done = http(own_server().http, "POST", "/v1/heartbeat", body);
  INFO(body << "\n" << done.body);
  REQUIRE((done.status == 200 || done.status == 201));
}

void deregister(std::string_view service, std::string_view id) {
  const HttpAnswer done =
      http(own_server().http, "DELETE", "/v1/services/" + std::string(service) + "/instances/" + std::string(id));
  INFO(done.body);
  REQUIRE(done.status == 204);
}

}  // namespace rollcall::conformance
