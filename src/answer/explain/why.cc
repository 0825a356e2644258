#include "answer/explain/why.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "answer/explain/explain_sentence.h"
#include "base/check.h"
#include "base/limits.h"
#include "dns/rdata.h"

namespace rollcall::answer {
namespace {

using dns::Type;

constexpr std::string_view k_label = "_explain";

dns::Name name_from(const dns::QuestionName& name, std::size_t first_label) {
  const std::string_view suffix = name.suffix(first_label);
  return dns::Name::parse_wire(octets(suffix)).value_or(dns::Name());
}

// One string, or as many as it takes (RFC 1035 §3.3.14).
std::string txt_of(std::string_view sentence) {
  std::string rdata;
  while (!sentence.empty()) {
    const std::size_t size = std::min(sentence.size(), limits::k_txt_string_bytes_max);
    rdata.append(1, static_cast<char>(size)).append(sentence.substr(0, size));
    sentence.remove_prefix(size);
  }
  return rdata;
}

}  // namespace

std::optional<Why> parse_why(const dns::QuestionName& name, const Zone& zone) {
  std::optional<Why> why;
  if (name.labels >= 2 && name.label(0) == k_label) {
    const Type type = name.label(1).front() == '_' ? Type::srv : Type::a;
    why = Why{name_from(name, 1), type};
  } else if (name.labels >= 3 && name.label(1) == k_label && name.label(0).front() == '_') {
    const Result<Type> type = dns::parse_type(name.label(0).substr(1));
    if (type && (!dns::is_meta_type(*type) || *type == Type::any)) why = Why{name_from(name, 2), *type};
  }
  return why && why->name.is_within(zone.records.apex()) ? why : std::nullopt;
}

void put_why(const Explainer& explainer, const Why& why, const Zone& zone, Type qtype, registry::LeaseTime now,
             registry::WallTime wall_now, SectionList& sections) {
  if (qtype != Type::txt && qtype != Type::any) {
    const StaticZone& records = zone.records;
    sections.add_static(Section::authority, {.name = records.apex().wire()}, {&records.soa(), zone.serial},
                        records.negative_ttl(), Fit::required);
    return;
  }
  const std::size_t first = sections.list_size();
  for (const std::string& sentence : sentences_of(explainer.explain(why.name, why.type, now, wall_now))) {
    const Bytes kept = sections.keep(octets(txt_of(sentence)));
    if (kept.empty()) break;
    sections.list(kept);
  }
  const ListedRdata sentences = sections.end_list(first);
  check(sentences.count > 0, "an explanation has a first sentence");
  sections.add(Section::answer, {.owner = {.name = {}, .is_current = true}, .type = Type::txt, .rdata = sentences},
               sentences.count, 0);
}

}  // namespace rollcall::answer
