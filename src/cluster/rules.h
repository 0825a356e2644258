// The rules that keep leases safe in a cluster. All of them hold, always: a test switches one off to show what it is for.
#pragma once

namespace rollcall::cluster {

struct Rules {
  bool ears = true;         // ends wait for what every other member has heard
  bool session = true;      // heartbeats are answered only with a fresh proof of the session
  bool linear = true;       // a proof is a guarded transaction, not the renewal of a lease
  bool lower = true;        // a heartbeat is answered by the earliest time at which the last one can have been
  bool overdue = true;      // one that is later goes through etcd
  bool timely = true;       // the answer to a put is given within a ttl of its sending
  bool seen = true;         // a registration counts from when this node has seen it
  bool applied = true;      // no end before every member has applied the revision
  bool fence = true;        // the transaction that ends a lease compares the member list
  bool grace = true;        // no node ends leases for a while after a member has vanished
  bool late_grace = true;   // ... and that begins when its proof is old
  bool refused = true;      // a time in which this node refused counts against nobody ("return")
  bool own = true;          // a pause of this node shortens no lease
  bool handover = true;     // a clean leave waits until every member has fetched all
  bool fed = true;          // a joiner has been told the ages, and hears and is heard by all
  bool alone = true;        // a node that joins alone gives every instance a new lease
  bool deaf = true;         // a member that is not heard, or hears nobody, gives up
  bool behind = true;       // so does one whose watch is late
  bool backoff = true;      // after unclean ends a node joins later and later
  bool reread = true;       // what a full read shows changed is seen now
  bool incarnation = true;  // what is known of a member ends with its incarnation
};

}  // namespace rollcall::cluster
