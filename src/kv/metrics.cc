#include "kv/metrics.h"

namespace rollcall::kv {

void put_metrics(MetricsSink& sink, const KeyValues& keys) {
  struct Sizes {
    std::size_t keys, bytes, sessions, queries, waiting;
  };
  const Sizes sizes = keys.read([](const View& view) {
    const Tables& tables = view.tables();
    return Sizes{tables.entries().size(), tables.bytes(), tables.sessions().size(), tables.queries().size(),
                 view.seats()};
  });
  sink.gauge("rollcall_kv_keys", "Keys that clients of Consul's API keep here.", metric_of(sizes.keys));
  sink.gauge("rollcall_kv_bytes", "Octets of keys, sessions and prepared queries, as kv_bytes counts them.",
             metric_of(sizes.bytes));
  sink.gauge("rollcall_kv_sessions", "Sessions of clients of Consul's API.", metric_of(sizes.sessions));
  sink.gauge("rollcall_kv_queries", "Prepared queries.", metric_of(sizes.queries));
  sink.gauge("rollcall_kv_waiting", "Calls that wait for a key, a session or a prepared query to change.",
             metric_of(sizes.waiting));
}

}  // namespace rollcall::kv
