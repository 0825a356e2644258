// The connection to etcd from the settings: reads the certificates and the password that they name.
//
// Threads  main thread, at start.
// Failure  Errc::start_up: a file cannot be read, or is not what its key says; the message names the key and the file,
//          never what is in it.
#pragma once

#include <string>

#include "base/result.h"
#include "cluster/engine_settings.h"
#include "ops/settings.h"

namespace rollcall::ops {

// Of [cluster], or of [etcd] where there is no cluster or where [etcd] has endpoints of its own.
[[nodiscard]] Result<cluster::EngineSettings> engine_settings_of(const ClusterSettings& settings);
[[nodiscard]] Result<cluster::EngineSettings> engine_settings_of(const EtcdSettings& settings);
// That of the roll: [cluster], else [etcd]. One of them is there.
[[nodiscard]] Result<cluster::EngineSettings> engine_settings_of(const Settings& settings);

// A secret in a file, without white space at its ends; `key` is named in messages. At most 1 MiB.
[[nodiscard]] Result<std::string> read_secret(const std::string& path, std::string_view key);

}  // namespace rollcall::ops
