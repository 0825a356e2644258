// What is asked of the store: operations on keys, alone or several as one transaction; sessions; prepared queries.
//
// Shape    values. A single call of /v1/kv is a Transaction of one operation.
// Source   Consul's documentation of /v1/kv and /v1/txn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "kv/values.h"

namespace rollcall::kv {

enum class Verb : std::uint8_t {
  set,
  cas,     // `index` is the key's; 0: there is no such key
  lock,    // `session` holds it from now on, and the value is set
  unlock,  // `session` held it until now, and the value is set
  get,     // it must be there
  get_or_empty,
  get_tree,  // all below the prefix `key`
  remove,
  remove_tree,
  remove_cas,     // `index` is the key's
  check_index,    // likewise
  check_session,  // `session` holds it
  check_not_exists,
};

[[nodiscard]] constexpr bool is_change(Verb verb) {
  switch (verb) {
    case Verb::set:
    case Verb::cas:
    case Verb::lock:
    case Verb::unlock:
    case Verb::remove:
    case Verb::remove_tree:
    case Verb::remove_cas: return true;
    case Verb::get:
    case Verb::get_or_empty:
    case Verb::get_tree:
    case Verb::check_index:
    case Verb::check_session:
    case Verb::check_not_exists: return false;
  }
  return false;
}

struct Operation {
  Verb verb = Verb::get;
  std::string key = {};
  std::string value = {};
  std::uint64_t flags = 0;
  Index index = 0;
  std::string session = {};
};

struct Transaction {
  std::vector<Operation> operations = {};  // 1..k_operations_max
};

struct CreateSession {
  Session session = {};  // with its id; the indexes are given here
};
struct DestroySession {
  std::string id = {};
};
// A heartbeat, where KeyValues::renew says that memory is not enough.
struct RenewSession {
  std::string id = {};
};
// Ends the sessions whose time is over.
struct Sweep {};

struct PutQuery {
  Query query = {};     // with its id
  bool is_new = false;  // else one of this id must be there
};
struct RemoveQuery {
  std::string id = {};
};

// What such a request is refused with where there is no query of its id.
inline constexpr std::string_view k_query_not_found = "Query not found";

using Request = std::variant<Transaction, CreateSession, DestroySession, RenewSession, Sweep, PutQuery, RemoveQuery>;

// Why an operation was not done. `unmet`: what it asks for is not so, which a single call answers with `false`.
enum class Why : std::uint8_t { unmet, no_session, full, too_large };
struct Refusal {
  std::size_t operation = 0;  // its place in the transaction
  Why why = Why::unmet;
  std::string what = {};  // a sentence
};

// Of a transaction that was done: what its operations have set or read, in their order. `value` is not shown of what was set.
struct Shown {
  EntryPtr entry = {};
  bool has_value = false;
};
struct Done {
  std::vector<Shown> entries = {};
  Index index = 0;  // of the change, or of the store where nothing has changed
};

// Done, or refused as a whole. Errors are those of the disk (Errc::store_busy, store_failed): nothing was done.
using Outcome = Result<std::variant<Done, Refusal>>;

}  // namespace rollcall::kv
