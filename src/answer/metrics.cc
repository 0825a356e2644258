#include "answer/metrics.h"

#include <string>

#include "base/rcu.h"

namespace rollcall::answer {

void put_metrics(MetricsSink& sink, std::span<const Counters* const> workers, const Transfers& transfers,
                 const Roster& roster, registry::LeaseTime now) {
  std::vector<Sample> answers;
  for (std::size_t type = 0; type < Counters::k_types.size(); ++type) {
    for (std::size_t rcode = 0; rcode < Counters::k_rcodes.size(); ++rcode) {
      const double total = sum_of(workers, [&](const Counters& worker) { return worker.answers(type, rcode); });
      if (total == 0) continue;
      answers.push_back({.labels = {{"type", std::string(Counters::k_types[type])},
                                    {"rcode", std::string(Counters::k_rcodes[rcode])}},
                         .value = total});
    }
  }
  sink.counter("rollcall_dns_queries_total", "DNS queries answered, by query type and response code.", answers);
  sink.counter("rollcall_dns_truncated_total", "DNS answers that carried TC.",
               sum_of(workers, [](const Counters& worker) { return worker.truncated(); }));
  sink.counter("rollcall_dns_dropped_total", "Datagrams and messages that are no query and got no answer.",
               sum_of(workers, [](const Counters& worker) { return worker.silences(); }));
  std::vector<Sample> limited;
  for (std::size_t action = 0; action < Counters::k_limited.size(); ++action) {
    limited.push_back({.labels = {{"action", std::string(Counters::k_limited[action])}},
                       .value = sum_of(workers, [&](const Counters& worker) { return worker.limited(action); })});
  }
  sink.counter("rollcall_dns_rate_limited_total", "DNS answers over UDP beyond the rate limit, by what became of them.",
               limited);
  std::vector<Sample> unproven;
  for (std::size_t action = 0; action < Counters::k_unproven.size(); ++action) {
    unproven.push_back({.labels = {{"action", std::string(Counters::k_unproven[action])}},
                        .value = sum_of(workers, [&](const Counters& worker) { return worker.unproven(action); })});
  }
  sink.counter("rollcall_dns_cookies_required_total",
               "DNS queries over UDP that are to come again with a cookie or over TCP, by what was said.", unproven);
  std::vector<Sample> not_fresh;
  for (std::size_t action = 0; action < Counters::k_not_fresh.size(); ++action) {
    not_fresh.push_back({.labels = {{"action", std::string(Counters::k_not_fresh[action])}},
                         .value = sum_of(workers, [&](const Counters& worker) { return worker.not_fresh(action); })});
  }
  sink.counter("rollcall_dns_stale_total",
               "DNS answers of services while this node did not reach its cluster: given as stale, or refused.",
               not_fresh);
  sink.gauge("rollcall_dns_transfers", "Zone transfers under way, of those that take more than one message.",
             metric_of(transfers.under_way()));
  sink.counter("rollcall_dns_transfers_put_off_total", "Zone transfers answered SERVFAIL: too many were under way.",
               metric_of(transfers.put_off()));
  sink.counter("rollcall_dns_response_bytes_total", "Octets of DNS answers.",
               sum_of(workers, [](const Counters& worker) { return worker.bytes(); }));
  const rcu::ReadLock lock;
  sink.gauge("rollcall_protected_services", "Services that answer critical instances too, because too few are ready.",
             metric_of(roster.count_protected(now)));
}

}  // namespace rollcall::answer
