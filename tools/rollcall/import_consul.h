// `rollcall import --from-consul URL`: once, or again and again until it is stopped.
//
// Threads  the main thread.
// Source   docs/from-consul.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"

namespace rollcall::cli {

class Session;

struct ConsulImport {
  std::string url;
  std::string token;
  std::string token_file;
  bool is_trial = false;
  bool replaces_values = false;
  std::optional<std::chrono::milliseconds> every;  // empty: once
};

// The exit code.
[[nodiscard]] Result<int> import_consul(Session& session, const ConsulImport& asked);

}  // namespace rollcall::cli
