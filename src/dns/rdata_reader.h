// Parses one record's RDATA from tokens to wire form, field by field, as the table in rdata_form.cc describes its type.
//
// Shape    single use: `read` consumes all tokens.
// Failure  Errc::invalid with one sentence; the caller adds file and line.
// Owner    borrows the form, the tokens and the origin.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/name.h"
#include "dns/rdata_form.h"

namespace rollcall::dns {

class RdataReader {
 public:
  using Tokens = std::span<const std::string_view>;

  RdataReader(const RdataForm& form, Tokens tokens, const Name& origin)
      : form_(form), all_(tokens), left_(tokens), origin_(origin) {}

  [[nodiscard]] Result<std::string> read();

 private:
  struct Mnemonic {
    std::string_view name;
    std::uint16_t value;
  };

  Result<void> read_field(Field field);
  // Takes the next token; empty if none is left (a token is never empty).
  std::string_view take();
  // Takes all remaining tokens, concatenated.
  std::string take_rest();

  Result<void> read_number(std::size_t octets, std::span<const Mnemonic> mnemonics = {});
  Result<void> read_mnemonic(Field field);
  Result<void> read_period();
  Result<void> read_time();
  Result<void> read_type();
  Result<void> read_name();
  Result<void> read_names();
  Result<void> read_ipv4();
  Result<void> read_ipv6();
  Result<void> read_locator();
  Result<void> read_eui(std::size_t octets);
  Result<void> read_string();
  Result<void> read_strings();
  Result<void> read_tag();
  Result<void> read_octets();
  Result<void> read_hex();
  Result<void> read_base64();
  Result<void> read_salt();
  Result<void> read_hash();
  Result<void> read_bitmap();
  Result<void> read_location();
  Result<void> read_prefixes();
  Result<void> read_params();
  Result<void> read_nsap();
  Result<void> read_gateway(unsigned kind);
  Result<void> read_relay_type();
  Result<void> read_host_identity();

  Result<void> append_sized(std::string_view octets);
  [[nodiscard]] std::unexpected<Error> unreadable() const;

  const RdataForm& form_;
  const Tokens all_;
  Tokens left_;
  const Name& origin_;
  std::string out_;
};

// "\"x y\" is no RDATA of type A: expected is an IPv4 address".
[[nodiscard]] std::unexpected<Error> unreadable_rdata(const RdataForm& form, RdataReader::Tokens tokens);

}  // namespace rollcall::dns
