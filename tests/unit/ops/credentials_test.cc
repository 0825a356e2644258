#include "ops/credentials.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "catch.h"

namespace rollcall::ops {
namespace {

// A directory that $CREDENTIALS_DIRECTORY names.
class Handed {
 public:
  Handed() : path_(std::filesystem::temp_directory_path() / ("rollcall-credentials-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(path_);
    setenv("CREDENTIALS_DIRECTORY", path_.c_str(), 1);
  }
  ~Handed() {
    unsetenv("CREDENTIALS_DIRECTORY");
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;
  void write(const char* name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] std::string at(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a credential is a file below the directory of the service manager") {
  const Handed handed;
  handed.write("tls.key", "secret\n");
  CHECK(credential_in("credential:tls.key") == "tls.key");
  CHECK_FALSE(credential_in("tls.key"));
  CHECK(credential_path("tls.key") == handed.at("tls.key"));
  CHECK(text_or_credential("credential:tls.key") == "secret");
  CHECK(text_or_credential("plain") == "plain");
}

TEST_CASE("no name leads out of the directory") {
  const Handed handed;
  for (const char* name : {"", ".", "..", "../etc/passwd", "a/b"}) {
    CHECK(credential_path(name).error().message.find("names no credential") != std::string::npos);
  }
}

TEST_CASE("a credential that is not there, or no secret, is refused with what to write in the unit") {
  CHECK(credential_path("key").error().message.find("write LoadCredential=key:FILE") != std::string::npos);
  const Handed handed;
  CHECK(text_or_credential("credential:key").error().message.find("write LoadCredential=key:FILE") !=
        std::string::npos);
  handed.write("key", std::string(5000, 'a'));
  CHECK(text_or_credential("credential:key").error().message.find("more than 4096 octets") != std::string::npos);
}

}  // namespace rollcall::ops
