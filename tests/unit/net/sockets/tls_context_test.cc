#include "net/sockets/tls_context.h"

#include <string>

#include "catch.h"
#include "unit/net/certificate_directory.h"

namespace rollcall::net {
namespace {

using testing::CertificateDirectory;

TEST_CASE("a certificate and its key are a context") {
  const CertificateDirectory files;
  const CertificateFiles good = files.make("good");
  CHECK(check_certificate(good));
  const auto context = TlsContext::load(good, "dot");
  REQUIRE(context);
  CHECK((*context)->current() != nullptr);
}

TEST_CASE("what cannot be used is named: no file, no PEM, the key of another") {
  const CertificateDirectory files;
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
  CHECK(sentence({files.path("absent.pem"), good.key}).ends_with("cannot be read: No such file or directory"));
  CHECK(sentence({nonsense, good.key})
            .starts_with(nonsense + ": a certificate with its chain in PEM format is expected"));
  CHECK(sentence({good.certificate, nonsense})
            .starts_with(nonsense + ": a private key without a passphrase in PEM format is expected"));
  CHECK(sentence({good.certificate, other.key}).find(other.key) != std::string::npos);
}

TEST_CASE("a reload takes a new certificate over, and keeps the old one where the new one cannot be used") {
  const CertificateDirectory files;
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
