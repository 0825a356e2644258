// What is fuzzed: each target is one function that takes any octets, and ends the program where something is wrong.
//
// As a libFuzzer program each is fuzz_<name> (libfuzzer/entry.cc, preset `fuzz`); in the normal run corpus_test.cc feeds
// them the files of corpus/<name>.
//
// Threads  one at a time, on one thread, which holds an rcu::Thread.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace rollcall::fuzz {

// Octet 0 is the transport and the server's payload size, octet 1 how far the leases have run; then the query.
void query(Bytes input);
// Octet 0 is the transport, octet 1 whether there is a question; the OPT record's payload, extended RCODE, version and
// flags; then its options.
void edns(Bytes input);
// Octet 0 is the transport, octets 1 and 2 how the stream is cut; then what a client writes on a connection.
void framing(Bytes input);
// Octet 0: over TCP, signed, spoiled; octets 1 to 3 where and how, octet 4 how far the leases have run; then the query.
void tsig(Bytes input);
// Octet 0 is the transport, octet 1 whether the client may have the zone; then the request.
void transfer(Bytes input);
// Two names: presentation form, or wire form; half of the input each.
void name(Bytes input);
// One request a line-pair: octet 0 the method, then the target up to a line feed, then the body up to a NUL.
void http_body(Bytes input);
// Bodies of PUT /v1/txn and POST /v1/query, each up to a NUL.
void kv_request(Bytes input);
// Octet 0 is how the stream is cut; then what a client writes on a connection to the API.
void http_request(Bytes input);
// A zone file of c.test.
void zone(Bytes input);
// Octet 0 is how the stream is cut; then what a server sends to a client that watches.
void event_stream(Bytes input);
// What a name server sends to a client that has asked for web.svc.internal.
void answer(Bytes input);

// Octet 0 is the kind of key in the store of a cluster; then its value.
void cluster_value(Bytes input);
// A key of etcd below /skydns up to a line feed, then its value.
void skydns_record(Bytes input);
// A filter of Consul's API.
void consul_filter(Bytes input);
// Octet 0 is whether the nodes share a key; then what one of them writes on a connection to another.
void peer_frame(Bytes input);

struct Target {
  std::string_view name;
  void (*run)(Bytes);
};
inline constexpr Target k_targets[] = {{"query", &query},
                                       {"edns", &edns},
                                       {"framing", &framing},
                                       {"tsig", &tsig},
                                       {"transfer", &transfer},
                                       {"name", &name},
                                       {"http_body", &http_body},
                                       {"kv_request", &kv_request},
                                       {"http_request", &http_request},
                                       {"zone", &zone},
                                       {"event_stream", &event_stream},
                                       {"answer", &answer},
                                       {"cluster_value", &cluster_value},
                                       {"skydns_record", &skydns_record},
                                       {"consul_filter", &consul_filter},
                                       {"peer_frame", &peer_frame}};

// Prints the sentence and aborts.
void expect(bool holds, std::string_view sentence);

inline std::string_view text_of(Bytes octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }

}  // namespace rollcall::fuzz
