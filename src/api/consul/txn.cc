#include "api/consul/txn.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/consul/keys/calls.h"
#include "api/consul/keys/shown.h"
#include "base/base64.h"
#include "json/writer.h"
#include "kv/loose_object.h"

namespace rollcall::api::consul {
namespace {

namespace bj = boost::json;
using kv::Verb;

constexpr std::pair<std::string_view, Verb> k_verbs[] = {{"set", Verb::set},
                                                         {"cas", Verb::cas},
                                                         {"lock", Verb::lock},
                                                         {"unlock", Verb::unlock},
                                                         {"get", Verb::get},
                                                         {"get-or-empty", Verb::get_or_empty},
                                                         {"get-tree", Verb::get_tree},
                                                         {"check-index", Verb::check_index},
                                                         {"check-session", Verb::check_session},
                                                         {"check-not-exists", Verb::check_not_exists},
                                                         {"delete", Verb::remove},
                                                         {"delete-tree", Verb::remove_tree},
                                                         {"delete-cas", Verb::remove_cas}};

bool takes_prefix(Verb verb) { return verb == Verb::get_tree || verb == Verb::remove_tree; }

Result<kv::Operation> parse_operation(const bj::object& object) {
  const kv::LooseObject fields(object);
  kv::Operation operation;
  std::string verb;
  std::string value;
  if (Result<void> read =
          kv::first_failure(fields.take("verb", verb), fields.take("key", operation.key), fields.take("value", value),
                            fields.take("flags", operation.flags), fields.take("index", operation.index),
                            fields.take("session", operation.session));
      !read) {
    return std::unexpected(read.error());
  }
  const auto* const known = std::ranges::find(k_verbs, verb, [](const auto& each) { return each.first; });
  if (known == std::end(k_verbs)) return failure(Errc::invalid, fmt::format("unknown KV verb \"{}\"", verb));
  operation.verb = known->second;
  if (operation.key.empty() && !takes_prefix(operation.verb)) return failure(Errc::invalid, "Missing key name");
  if (std::string wrong = why_no_key(operation.key); !wrong.empty()) return failure(Errc::invalid, std::move(wrong));
  std::optional<std::string> decoded = decode_base64(value);
  if (!decoded) return failure(Errc::invalid, fmt::format("the value of key \"{}\" is no Base64", operation.key));
  operation.value = std::move(*decoded);
  if (operation.value.size() > kv::k_value_bytes_max) {
    return failure(Errc::overloaded, fmt::format("Value for key \"{}\" is too large ({} > {} bytes)", operation.key,
                                                 operation.value.size(), kv::k_value_bytes_max));
  }
  return operation;
}

Response describe(const kv::Outcome& outcome, bool is_pretty) {
  const kv::Refusal* const refusal = refusal_of_outcome(outcome);
  if (refusal != nullptr && refusal->why != kv::Why::too_large) {
    json::Writer out;
    out.open_object().name("Results").open_array().close_array().name("Errors").open_array();
    out.open_object().member("OpIndex", refusal->operation).member("What", refusal->what).close_object();
    Response response = json(out.close_array().close_object().take(), is_pretty);
    response.status = 409;
    return response;
  }
  const kv::Done* const done = done_of(outcome);
  if (done == nullptr) return failed(outcome);
  json::Writer out(4096);
  out.open_object().name("Results").open_array();
  for (const kv::Shown& shown : done->entries) {
    out.open_object().name("KV");
    put_entry(out, *shown.entry, shown.has_value);
    out.close_object();
  }
  out.close_array().name("Errors").open_array().close_array();
  Response response = json(out.close_object().take(), is_pretty);
  response.headers.emplace_back("X-Consul-Index", std::to_string(done->index));
  return response;
}

}  // namespace

Result<kv::Transaction> parse_transaction(std::string_view body) {
  const Result<bj::value> parsed = kv::parse_loosely(body);
  if (!parsed) return failure(Errc::malformed, "Failed to parse body: " + parsed.error().message);
  if (!parsed->is_array()) return failure(Errc::malformed, "Failed to parse body: it must be a list of operations");
  const bj::array& list = parsed->get_array();
  if (list.size() > kv::k_operations_max) {
    return failure(Errc::overloaded, fmt::format("Transaction contains too many operations ({} > {})", list.size(),
                                                 kv::k_operations_max));
  }
  kv::Transaction transaction;
  transaction.operations.reserve(list.size());
  for (const bj::value& element : list) {
    if (!element.is_object()) return failure(Errc::malformed, "Failed to parse body: an operation must be an object");
    const Result<const bj::object*> keys = kv::LooseObject(element.get_object()).object("kv");
    if (!keys) return std::unexpected(keys.error());
    if (*keys == nullptr) {
      return failure(Errc::invalid,
                     "only operations of kind KV are supported here: Node, Service, Check and Session are not");
    }
    Result<kv::Operation> operation = parse_operation(**keys);
    if (!operation) return std::unexpected(std::move(operation.error()));
    transaction.operations.push_back(std::move(*operation));
  }
  return transaction;
}

Routed run_transaction(const Call& call) {
  if (const auto permitted = permit_keys(call, Right::read); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  Result<kv::Transaction> transaction = parse_transaction(call.request.body);
  if (!transaction) {
    return text(transaction.error().code == Errc::overloaded ? 413 : 400, transaction.error().message);
  }
  const bool changes =
      std::ranges::any_of(transaction->operations, [](const kv::Operation& each) { return kv::is_change(each.verb); });
  if (changes) {
    if (const auto permitted = permit_keys(call, Right::write); !permitted) return permitted.error();
  }
  return change(call, std::move(*transaction),
                [is_pretty = is_pretty(call)](const kv::Outcome& outcome) { return describe(outcome, is_pretty); });
}

}  // namespace rollcall::api::consul
