#include "net/sockets/tls_context.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"

namespace rollcall::net {
namespace {

// A directory with certificates made by `openssl`, gone with the test.
class Files {
 public:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-tls-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() { std::filesystem::remove_all(directory_); }

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

TEST_CASE("a certificate and its key are a context") {
  const Files files;
  const CertificateFiles good = files.make("good");
  CHECK(check_certificate(good));
  const auto context = TlsContext::load(good, "dot");
  REQUIRE(context);
  CHECK((*context)->current() != nullptr);
}

TEST_CASE("what cannot be used is named: no file, no PEM, the key of another") {
  const Files files;
  const CertificateFiles good = files.make("good");
  const CertificateFiles other = files.make("other");
  const std::string nonsense = files.write("nonsense.pem", "nonsense\n");
  const auto sentence = [](const CertificateFiles& wrong) {
    const Result<void> checked = check_certificate(wrong);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::start_up);
    return checked.error().message;
  };
  CHECK(sentence({files.path("absent.pem"), good.key}).starts_with(files.path("absent.pem") + ": "));
  CHECK(sentence({good.certificate, files.path("absent.key")}).starts_with(files.path("absent.key") + ": "));
  CHECK(sentence({nonsense, good.key}).starts_with(nonsense + ": "));
  CHECK(sentence({good.certificate, nonsense}).starts_with(nonsense + ": "));
  CHECK(sentence({good.certificate, other.key}).find(other.key) != std::string::npos);
}

TEST_CASE("a reload takes a new certificate over, and keeps the old one where the new one cannot be used") {
  const Files files;
  const CertificateFiles good = files.make("good");
  const auto context = TlsContext::load(good, "dot").value_or(nullptr);
  REQUIRE(context);
  const TlsContext::Shared first = context->current();
  CHECK_FALSE(context->reload({good.certificate, files.path("absent.key")}));
  CHECK(context->current() == first);
  CHECK(context->reload(files.make("next")));
  CHECK(context->current() != first);
}

}  // namespace
}  // namespace rollcall::net
