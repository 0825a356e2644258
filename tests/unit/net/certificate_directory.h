// A temporary directory with certificates made by `openssl`; removed with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"
#include "net/sockets/certificate.h"

namespace rollcall::net::testing {

class CertificateDirectory {
 public:
  CertificateDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-tls-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  CertificateDirectory(const CertificateDirectory&) = delete;
  CertificateDirectory& operator=(const CertificateDirectory&) = delete;
  ~CertificateDirectory() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
  [[nodiscard]] CertificateFiles make(const std::string& stem) const {
    const CertificateFiles files{.certificate = path(stem + ".pem"), .key = path(stem + ".key")};
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=rollcall.test "
        "-keyout " +
        files.key + " -out " + files.certificate + " 2> /dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    return files;
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace rollcall::net::testing
