// The values of kv_keys.h: written, and read with every bound held again, since anybody may put them. Pure.
//
// Index    `base` + the revision of etcd that made or changed it: the same on every node.
// Failure  Errc::malformed, Errc::invalid: a sentence; the key is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/engine.h"
#include "kv/changes.h"
#include "kv/values.h"

namespace rollcall::cluster {

[[nodiscard]] std::string write_entry(const kv::Entry& entry);
[[nodiscard]] Result<kv::EntryPtr> read_entry(std::string_view key, const KeyValue& stored, std::uint64_t base);

[[nodiscard]] std::string write_session(const kv::Session& session);
[[nodiscard]] Result<kv::SessionPtr> read_session(std::string_view id, const KeyValue& stored, std::uint64_t base);

[[nodiscard]] Result<kv::QueryPtr> read_query(std::string_view id, const KeyValue& stored, std::uint64_t base);

[[nodiscard]] std::string write_delays(const std::vector<kv::LockDelay>& delays);
[[nodiscard]] Result<std::vector<kv::LockDelay>> read_delays(std::string_view value);

}  // namespace rollcall::cluster
