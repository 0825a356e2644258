#include "ops/refused_log.h"

#include <algorithm>

#include "base/counted.h"
#include "base/limits.h"
#include "base/log.h"

namespace rollcall::ops {

void log_ignored(std::string_view database, std::span<const std::string> sentences, std::size_t count) {
  const std::size_t said = std::min(sentences.size(), limits::k_ignored_rows_said_max);
  for (const std::string& sentence : sentences.first(said)) log::warn("{}: ignored: {}", database, sentence);
  if (count > said) log::warn("{}: ignored: {}", database, counted(count - said, "more row"));
}

void log_set_aside(std::span<const registry::Refused> refused, const registry::ZoneDirectory& zones) {
  const std::size_t said = std::min(refused.size(), limits::k_ignored_rows_said_max);
  for (const registry::Refused& each : refused.first(said)) {
    log::warn("no longer on the roll: instance {}/{} in zone {}: {}", each.key.service.name, each.key.id,
              zones.name_of(each.key.service.zone), each.sentence);
  }
  if (refused.size() > said) log::warn("no longer on the roll: {}", counted(refused.size() - said, "more instance"));
}

}  // namespace rollcall::ops
