#include "api/audit.h"

#include <fmt/format.h>
#include <initializer_list>
#include <variant>

#include "base/log.h"
#include "base/printable.h"

namespace rollcall::api {
namespace {

constexpr std::size_t k_shown_bytes_max = 400;  // of a target: a service and the longest id fit
constexpr std::size_t k_words_bytes = 160;      // of most lines up to the outcome: one allocation
constexpr std::size_t k_line_end_bytes = 16;    // of an outcome that is no failure

std::string_view verb_of(const registry::Register&) { return "register"; }
std::string_view verb_of(const registry::Deregister&) { return "deregister"; }
std::string_view verb_of(const registry::SetDraining& change) { return change.is_draining ? "drain" : "end drain"; }
std::string_view verb_of(const registry::SetHealth&) { return "set health"; }
std::string_view verb_of(const registry::SetCheck&) { return "set check"; }
std::string_view verb_of(const registry::RemoveCheck&) { return "remove check"; }
std::string_view verb_of(const registry::End&) { return "end"; }
std::string_view verb_of(const registry::Edit&) { return "edit"; }
std::string_view verb_of(const registry::Renew&) { return "renew"; }
std::string_view verb_of(const registry::Patch&) { return "patch"; }
std::string_view verb_of(const registry::ForgetService&) { return "forget"; }

const registry::InstanceKey& key_of(const registry::Register& change) { return change.registration.key; }
const registry::InstanceKey& key_of(const registry::Edit& change) { return change.registration.key; }
const registry::InstanceKey& key_of(const auto& change) { return change.key; }

std::string_view word_for(const registry::Applied& applied) {
  if (applied.created) return "created";
  return applied.changed ? "done" : "unchanged";
}

// Appended, not formatted: every registration is a line.
void append_words_about(const Principal& principal, std::string& line) {
  line.append("by=\"").append(escape(principal.text())).append("\" from=").append(principal.address.text());
}

void write_audit(log::Level level, std::string_view words, std::initializer_list<std::string_view> outcome) {
  if (!log::enabled(level)) return;
  std::string line;
  line.reserve(words.size() + k_line_end_bytes);
  line.append(words);
  for (const std::string_view piece : outcome) line.append(piece);
  log::write(level, line);
}

}  // namespace

Audit::Audit(const registry::Change& change, const Principal& principal, const registry::ZoneDirectory& zones) {
  words_.reserve(k_words_bytes);
  const registry::InstanceKey& key = std::visit(
      [&](const auto& each) -> const registry::InstanceKey& {
        words_.append("audit: ").append(verb_of(each));
        return key_of(each);
      },
      change.asked);
  words_.append(" service=\"").append(key.service.name).append("\" zone=\"").append(zones.name_of(key.service.zone));
  words_.append("\" id=\"").append(escape(key.id)).append("\" ");
  append_words_about(principal, words_);
}

void Audit::record(const registry::Outcome& outcome) const {
  if (!outcome) {
    write_audit(log::Level::info, words_, {": failed: ", escape(outcome.error().message)});
  } else {
    const bool is_done = outcome->created || outcome->changed;
    write_audit(is_done ? log::Level::info : log::Level::debug, words_, {": ", word_for(*outcome)});
  }
}

OtherAudit::OtherAudit(std::vector<std::string> what, const Principal& principal) : words_(std::move(what)) {
  for (std::string& each : words_) {
    each.insert(0, "audit: ").append(1, ' ');
    append_words_about(principal, each);
  }
}

void OtherAudit::record(Came to, std::string_view why) const {
  for (const std::string& words : words_) {
    switch (to) {
      case Came::done: write_audit(log::Level::info, words, {": done"}); break;
      case Came::refused: write_audit(log::Level::debug, words, {": refused: ", escape(why)}); break;
      case Came::failed: write_audit(log::Level::info, words, {": failed: ", escape(why)}); break;
    }
  }
}

void record_refusal(const Request& request, const Principal& principal, std::string_view reason) {
  const bool is_known = principal.kind != Principal::Kind::address;
  const auto level = is_known ? log::Level::info : log::Level::debug;
  if (!log::enabled(level)) return;
  std::string line =
      fmt::format(R"(audit: {} "{}" )", to_text(request.method), escape(request.target.substr(0, k_shown_bytes_max)));
  append_words_about(principal, line);
  log::write(level, line.append(": refused: ").append(escape(reason)));
}

}  // namespace rollcall::api
