// Keys and sessions as JSON, as Consul's clients read them; and what a key may be.
//
// Threads  any.
// Source   Consul's documentation of /v1/kv and /v1/session.
#pragma once

#include <string>
#include <string_view>

#include "json/writer.h"
#include "kv/values.h"

namespace rollcall::api::consul {

// {"LockIndex":0,"Key":"a","Flags":0,"Value":"MQ==","CreateIndex":7,"ModifyIndex":7}; Session where it is held. A value that is
// empty or not to be shown is null.
void put_entry(json::Writer& out, const kv::Entry& entry, bool has_value);
void put_session(json::Writer& out, const kv::Session& session);

// Empty: it is a key. UTF-8 without control characters, at most k_key_bytes_max octets.
[[nodiscard]] std::string why_no_key(std::string_view key);
// The same of names of sessions and their like, which may be empty.
[[nodiscard]] bool is_name(std::string_view text);

}  // namespace rollcall::api::consul
