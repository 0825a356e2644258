#include "api/audit.h"

#include <fmt/format.h>
#include <variant>

#include "base/log.h"
#include "base/printable.h"

namespace rollcall::api {
namespace {

constexpr std::size_t k_shown_bytes_max = 400;  // of a target: a service and the longest id fit

std::string_view verb_of(const registry::Register&) { return "register"; }
std::string_view verb_of(const registry::Deregister&) { return "deregister"; }
std::string_view verb_of(const registry::SetDraining& change) { return change.is_draining ? "drain" : "end drain"; }
std::string_view verb_of(const registry::SetHealth&) { return "set health"; }
std::string_view verb_of(const registry::SetCheck&) { return "set check"; }
std::string_view verb_of(const registry::RemoveCheck&) { return "remove check"; }
std::string_view verb_of(const registry::End&) { return "end"; }
std::string_view verb_of(const registry::Edit&) { return "edit"; }

const registry::InstanceKey& key_of(const registry::Register& change) { return change.registration.key; }
const registry::InstanceKey& key_of(const registry::Edit& change) { return change.registration.key; }
const registry::InstanceKey& key_of(const auto& change) { return change.key; }

std::string_view word_for(const registry::Applied& applied) {
  if (applied.created) return "created";
  return applied.changed ? "done" : "unchanged";
}

std::string words_about(const Principal& principal) {
  return fmt::format(R"(by="{}" from={})", escape(principal.text()), principal.address.text());
}

}  // namespace

Audit::Audit(const registry::Change& change, const Principal& principal, const registry::ZoneDirectory& zones)
    : words_(std::visit(
          [&](const auto& each) {
            const registry::InstanceKey& key = key_of(each);
            return fmt::format(R"(audit: {} service="{}" zone="{}" id="{}" {})", verb_of(each), key.service.name,
                               zones.name_of(key.service.zone), escape(key.id), words_about(principal));
          },
          change.asked)) {}

void Audit::record(const registry::Outcome& outcome) const {
  if (!outcome) {
    log::info("{}: failed: {}", words_, escape(outcome.error().message));
  } else if (outcome->created || outcome->changed) {
    log::info("{}: {}", words_, word_for(*outcome));
  } else {
    log::debug("{}: {}", words_, word_for(*outcome));
  }
}

void record_refusal(const Request& request, const Principal& principal, std::string_view reason) {
  const bool is_known = principal.kind != Principal::Kind::address;
  const auto level = is_known ? log::Level::info : log::Level::debug;
  if (!log::enabled(level)) return;
  log::write(level,
             fmt::format(R"(audit: {} "{}" {}: refused: {})", to_text(request.method),
                         escape(request.target.substr(0, k_shown_bytes_max)), words_about(principal), escape(reason)));
}

}  // namespace rollcall::api
