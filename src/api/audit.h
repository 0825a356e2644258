// The audit: one line of the log for each change that was asked for over HTTP, with who asked and what came of it.
//
//   audit: register service="web" zone="svc.internal" id="web-1" by="token deploy" from=192.0.2.9: created
//   audit: DELETE "/v1/services/db/instances/db-1" by="token deploy" from=192.0.2.9: refused: …
//
// Shape    what comes from outside stands escaped in quotes (base/printable.h). Never a token.
// Rule     level info: changes made, changes failed, and refusals of callers with credentials. Level debug: changes without
//          effect, and refusals of callers without credentials, who could fill the disk. Heartbeats are not logged.
// Threads  any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/message.h"
#include "base/result.h"
#include "registry/instance/change.h"
#include "registry/ports/ports.h"

namespace rollcall::api {

// Made before the change goes to the writer; it keeps what the line will say.
class Audit {
 public:
  Audit(const registry::Change& change, const Principal& principal, const registry::ZoneDirectory& zones);

  void record(const registry::Outcome& outcome) const;

 private:
  std::string words_;  // up to the outcome
};

// A change of what is beside the roll: keys, sessions, prepared queries. `what`: a verb and what it is about, escaped.
class OtherAudit {
 public:
  OtherAudit(std::vector<std::string> what, const Principal& principal);

  [[nodiscard]] bool is_empty() const { return words_.empty(); }
  // `refused`: not made, because what it asks for is not so; `failed`: nobody knows, or the store has refused it.
  enum class Came : std::uint8_t { done, refused, failed };
  void record(Came to, std::string_view why = {}) const;

 private:
  std::vector<std::string> words_;  // of each line, up to the outcome
};

// A change that was refused before it reached the writer.
void record_refusal(const Request& request, const Principal& principal, std::string_view reason);

}  // namespace rollcall::api
