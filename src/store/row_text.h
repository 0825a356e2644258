// JSON text of the columns that hold more than one value: addresses and tags (arrays of strings), meta (an object of
// strings), results (an array of objects). The writers produce compact JSON; the parsers accept any valid JSON.
//
// Shape    the `write_` functions replace the content of `out`; pass the same string each time to reuse its memory.
// Threads  any; pure.
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
// Leaves out the result of the instance's own check plan, which has its own columns: `check_output`,
// `critical_since_ms`.
void write_results(const health::CheckResults& results, std::string& out);

// Validate each address and tag by the rules of registry/instance/registration.h.
[[nodiscard]] Result<std::vector<IpAddress>> parse_addresses(std::string_view text);
[[nodiscard]] Result<std::vector<std::string>> parse_tags(std::string_view text);
[[nodiscard]] Result<Meta> parse_meta(std::string_view text);
[[nodiscard]] Result<health::CheckResults> parse_results(std::string_view text);
// For instances from the Consul and Eureka APIs: tags may be any strings; attributes are a JSON object, kept as text.
[[nodiscard]] Result<std::vector<std::string>> parse_free_tags(std::string_view text);
[[nodiscard]] Result<std::string> parse_attributes(std::string_view text);

}  // namespace rollcall::store
