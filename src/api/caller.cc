#include "api/caller.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include "base/check.h"

namespace rollcall::api {
namespace {

// The grant of an address, as long as no credentials are configured.
const Grant& grant_by_address(bool may_write, bool is_loopback) {
  static const Grant everything{Right::admin, std::nullopt, {"*"}, true};
  static const Grant leased{Right::admin, std::nullopt, {"*"}};
  static const Grant reads{Right::read, std::nullopt, {"*"}};
  if (!may_write) return reads;
  return is_loopback ? everything : leased;  // what never ends by itself is not for everybody who reaches the port
}

}  // namespace

std::string Principal::text() const {
  switch (kind) {
    case Kind::address: break;
    case Kind::token: return fmt::format("token {}", name);
    case Kind::certificate: return fmt::format("certificate {}", name);
  }
  return address.text();
}

Result<std::string_view> read_bearer(std::string_view authorization) {
  if (const auto token = parse_bearer(authorization)) return *token;
  return failure(Errc::unauthenticated, "the Authorization header must be \"Bearer <token>\"");
}

Result<Standing> Caller::identify(const Access& access, const Credentials& shown) {
  if (const std::uint64_t generation = access.generation(); generation != generation_) {
    is_known_ = false;
    rules_ = access.current();
    generation_ = generation;
  }
  if (!rules_->ask_for_credentials()) return standing_by_address();
  // In constant time: behind a proxy, one connection may carry the tokens of many.
  const bool is_the_same = is_known_ && read_token_ == shown.read_token && equal_in_constant_time(shown.text, shown_);
  if (is_the_same && !(shown.text.empty() && has_expired())) return known_;
  is_known_ = false;
  Result<Standing> standing = look_up(shown);
  if (!standing) return standing;
  check(standing->grant != nullptr, "whoever is known has a grant");
  shown_ = shown.text;
  read_token_ = shown.read_token;
  known_ = *standing;
  is_known_ = true;
  return standing;
}

Standing Caller::standing_by_address() const {
  const bool may_write = rules_->open || address_.is_loopback();
  return {{Principal::Kind::address, {}, address_}, &grant_by_address(may_write, address_.is_loopback())};
}

// Checked at each request: a connection may outlive its certificate.
bool Caller::has_expired() const {
  return !certificate_.names.empty() && std::chrono::system_clock::now() >= certificate_.ends_at;
}

Result<Standing> Caller::look_up(const Credentials& shown) const {
  if (!shown.text.empty()) {
    check(shown.read_token != nullptr, "a door that finds credentials reads them");
    const Result<std::string_view> token = shown.read_token(shown.text);
    if (!token) return std::unexpected(token.error());
    const Token* known = find_token(*rules_, *token);
    if (known == nullptr) return failure(Errc::unauthenticated, "this token is not known here");
    return Standing{{Principal::Kind::token, known->name, address_}, &known->grant};
  }
  if (has_expired()) {
    return failure(Errc::unauthenticated, "the client's certificate has expired: connect again with a new one");
  }
  for (const CertificateRule& rule : rules_->certificates) {
    for (const std::string& name : certificate_.names) {
      if (fnmatch(rule.match.c_str(), name.c_str(), FNM_CASEFOLD) != 0) continue;
      return Standing{{Principal::Kind::certificate, name, address_}, &rule.grant};
    }
  }
  if (!certificate_.names.empty()) {
    return failure(Errc::unauthenticated,
                   "no [[certificate]] of the settings matches the client's certificate; a "
                   "token would do: send \"Authorization: Bearer <token>\"");
  }
  return failure(Errc::unauthenticated, "this call needs a token: send \"Authorization: Bearer <token>\"");
}

}  // namespace rollcall::api
