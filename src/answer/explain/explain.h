// Explains the DNS answer to one question: each record in it, and each instance that is left out, with the reason.
//
// Shape    made by the Resolution that answers queries, so it cannot say anything else; the order of records is one
//          draw. It is nobody's query: it is not counted, not limited, and no drain waits for it.
// Client   one who may ask: of access lists, signatures and rate limits nothing is said.
// Threads  any, under a ReadLock. It allocates: not for the way of a query.
// Failure  none: what is not there is an answer too.
// Source   docs/http.md (`/v1/explain`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/explain/omission.h"
#include "answer/look_up/trace.h"
#include "answer/roster/freshness.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "dns/name.h"
#include "dns/types.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

struct ExplainedRecord {
  std::string name;  // presentation form, with the final dot; as the next three
  std::string type;
  std::uint32_t ttl = 0;
  std::string data;
  Rule rule = Rule::nothing;           // of the answer section
  std::vector<std::string> instances;  // ids of those it stands for
};

struct ExplainedStop {
  std::string name;  // without the final dot
  Rule rule = Rule::nothing;
};

struct ExplainedError {
  std::uint16_t code = 0;  // RFC 8914
  std::string text;
};

struct Explained {
  std::string name;  // without the final dot
  std::string type;
  dns::Rcode rcode = dns::Rcode::noerror;
  bool authoritative = false;
  Rule rule = Rule::nothing;       // of the name asked for
  std::vector<ExplainedStop> way;  // the name, and whatever aliases lead to
  std::string zone;                // without the final dot; empty: none of ours
  std::string service;             // where the way ends; empty: at none
  // What it tells of, for whoever may not read everything: each service that one of its names belongs to, whether or not it
  // is there, and each zone of which it tells more than that (the zone file, lists of services).
  std::vector<registry::ServiceKey> services;
  std::vector<registry::ZoneId> zones;
  std::vector<ExplainedRecord> answer;
  std::vector<ExplainedRecord> authority;
  std::vector<ExplainedRecord> additional;
  std::optional<ExplainedError> error;
  std::size_t bytes = 0;            // of the whole message
  bool truncated = false;           // even over TCP
  bool truncated_over_udp = false;  // for a client that takes as much as the server may send
  std::size_t instances = 0;        // of the service, whether in the answer or not
  std::size_t answered = 0;         // of these
  std::vector<Omission> left_out;   // at most k_explained_left_out_max, by id
  std::size_t left_out_more = 0;    // beyond that
  std::string sentence;
};

class Explainer {
 public:
  // Borrowed for life. `udp_payload`: most octets of a UDP answer. `freshness`: null: the roll is always fresh.
  Explainer(const Zones& zones, const Roster& roster, std::size_t udp_payload, const Freshness* freshness = nullptr)
      : zones_(zones), roster_(roster), udp_payload_(udp_payload), freshness_(freshness) {}

  // The type is one that records have, or ANY.
  [[nodiscard]] Explained explain(const dns::Name& name, dns::Type type, registry::LeaseTime now,
                                  registry::WallTime wall_now) const;

 private:
  const Zones& zones_;
  const Roster& roster_;
  const std::size_t udp_payload_;
  const Freshness* freshness_;
};

// The same for people with `dig`: a sentence each, the answer's first.
[[nodiscard]] std::vector<std::string> sentences_of(const Explained& explained);

}  // namespace rollcall::answer
