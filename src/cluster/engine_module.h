// The engine as a module of its own, so that a server without a cluster neither links nor loads gRPC.
//
// Shape    a shared object beside the program or in the system's library directory, of exactly this build's version.
// Owner    whoever opens an engine; the module stays loaded until the program ends.
// Failure  Errc::start_up: no module, one of another version, or settings that cannot work; the sentence says which package
//          is missing.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/engine.h"
#include "cluster/engine_settings.h"

namespace rollcall::cluster {

// `path`: of the module; empty: where it is installed.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_engine(const EngineSettings& settings, const std::string& path = {});

}  // namespace rollcall::cluster
