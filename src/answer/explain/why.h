// `_explain.<name>` TXT: why the DNS answers as it does, in the DNS. Where the settings have it.
//
// Shape    `parse_why` says whether a name of the zone asks why; `put_why` collects the records: a TXT record for
//          each sentence, the SOA for any other type.
// Threads  one worker, under its ReadLock. It allocates: only explanations do.
// Source   docs/http.md (explain); RFC 1035 §3.3.14 (TXT).
#pragma once

#include <optional>

#include "answer/encode/section_list.h"
#include "answer/explain/explain.h"
#include "answer/zone/zones.h"
#include "dns/name.h"
#include "dns/query.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

// What is to be explained: the answer to this name and type.
struct Why {
  dns::Name name;
  dns::Type type = dns::Type::a;
};
// `_explain.NAME`, or `_TYPE._explain.NAME`. Without a type: SRV for names that begin with an underscore, A for others.
// Empty: the name does not ask why, and is one like any other.
[[nodiscard]] std::optional<Why> parse_why(const dns::QuestionName& name, const Zone& zone);

void put_why(const Explainer& explainer, const Why& why, const Zone& zone, dns::Type qtype, registry::LeaseTime now,
             registry::WallTime wall_now, SectionList& sections);

}  // namespace rollcall::answer
