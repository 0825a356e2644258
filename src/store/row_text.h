// The columns that hold more than one value, as JSON text: addresses and tags (arrays of strings), meta (an object of
// strings), results (an array of objects). Written in one form, read in any.
//
// Shape    `write_` appends to nothing: it replaces `out`, whose memory is meant to be used again.
// Failure  reading: Errc::invalid with the column's name as field.
// Source   RFC 8259.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "health/check_result.h"

namespace rollcall::store {

using Meta = std::vector<std::pair<std::string, std::string>>;

void write_addresses(std::span<const IpAddress> addresses, std::string& out);
void write_tags(std::span<const std::string> tags, std::string& out);
void write_meta(const Meta& meta, std::string& out);
// Without that of the plan, which has columns of its own: `check_output`, `critical_since_ms`.
void write_results(const health::CheckResults& results, std::string& out);

// Each address and tag is held to the rules of registry/instance/registration.h.
[[nodiscard]] Result<std::vector<IpAddress>> parse_addresses(std::string_view text);
[[nodiscard]] Result<std::vector<std::string>> parse_tags(std::string_view text);
[[nodiscard]] Result<Meta> parse_meta(std::string_view text);
[[nodiscard]] Result<health::CheckResults> parse_results(std::string_view text);
// Any strings, and an object whose text is kept: what a door's instances may have.
[[nodiscard]] Result<std::vector<std::string>> parse_free_tags(std::string_view text);
[[nodiscard]] Result<std::string> parse_attributes(std::string_view text);

}  // namespace rollcall::store
