#include "cluster/kv/kv_values.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "json/writer.h"
#include "kv/limits.h"
#include "kv/loose_object.h"
#include "kv/query_definition.h"

namespace rollcall::cluster {
namespace {

namespace bj = boost::json;
using std::chrono::milliseconds;

kv::Index index_of(Revision revision, std::uint64_t base) { return base + static_cast<kv::Index>(revision); }

Result<bj::value> parse_object(std::string_view text) {
  Result<bj::value> parsed = kv::parse_loosely(text);
  if (parsed && !parsed->is_object()) return failure(Errc::malformed, "it is no JSON object");
  return parsed;
}

void write_list(json::Writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.name(name).open_array();
  for (const std::string& text : texts) out.value(text);
  out.close_array();
}

}  // namespace

// --- Keys ---

std::string write_entry(const kv::Entry& entry) {
  json::Writer out(128 + entry.value.size());
  out.open_object();
  if (entry.flags != 0) out.member("flags", entry.flags);
  if (!entry.session.empty()) out.member("session", entry.session);
  if (entry.lock_index != 0) out.member("lock_index", entry.lock_index);
  std::string text = out.close_object().take();
  return text.append(1, '\n').append(entry.value);
}

Result<kv::EntryPtr> read_entry(std::string_view key, const KeyValue& stored, std::uint64_t base) {
  const std::string_view value = stored.value;
  const std::size_t end = value.find('\n');
  if (end == std::string_view::npos) return failure(Errc::malformed, "there is no line of JSON before the value");
  if (key.size() > kv::k_key_bytes_max || value.size() - end - 1 > kv::k_value_bytes_max) {
    return failure(Errc::invalid, "the key or its value is too long");
  }
  const Result<bj::value> parsed = parse_object(value.substr(0, end));
  if (!parsed) return std::unexpected(parsed.error());
  auto entry = std::make_shared<kv::Entry>();
  const kv::LooseObject fields(parsed->get_object());
  if (Result<void> read = kv::first_failure(fields.take("flags", entry->flags), fields.take("session", entry->session),
                                            fields.take("lockindex", entry->lock_index));
      !read) {
    return std::unexpected(read.error());
  }
  entry->key = key;
  entry->value = value.substr(end + 1);
  entry->create_index = index_of(stored.created, base);
  entry->modify_index = index_of(stored.changed, base);
  return entry;
}

// --- Sessions ---

std::string write_session(const kv::Session& session) {
  json::Writer out(256);
  out.open_object().member("name", session.name).member("node", session.node).member("host", session.host);
  out.member("ttl_ms", session.ttl.count()).member("lock_delay_ms", session.lock_delay.count());
  out.member("behavior", session.at_end == kv::AtEnd::remove ? "delete" : "release");
  write_list(out, "node_checks", session.node_checks);
  write_list(out, "service_checks", session.service_checks);
  return out.close_object().take();
}

Result<kv::SessionPtr> read_session(std::string_view id, const KeyValue& stored, std::uint64_t base) {
  const Result<bj::value> parsed = parse_object(stored.value);
  if (!parsed) return std::unexpected(parsed.error());
  auto session = std::make_shared<kv::Session>();
  const kv::LooseObject fields(parsed->get_object());
  std::uint64_t ttl = 0;
  std::uint64_t delay = 0;
  std::string behavior;
  if (Result<void> read = kv::first_failure(
          fields.take("name", session->name), fields.take("node", session->node), fields.take("host", session->host),
          fields.take("ttlms", ttl), fields.take("lockdelayms", delay), fields.take("behavior", behavior),
          fields.take("nodechecks", session->node_checks), fields.take("servicechecks", session->service_checks));
      !read) {
    return std::unexpected(read.error());
  }
  if (id.size() > kv::k_name_bytes_max || session->node_checks.size() > kv::k_checks_max ||
      session->service_checks.size() > kv::k_checks_max) {
    return failure(Errc::invalid, "its id is too long, or it has too many checks");
  }
  session->id = id;
  session->ttl = milliseconds(static_cast<std::int64_t>(
      std::min<std::uint64_t>(ttl, static_cast<std::uint64_t>(milliseconds(kv::k_ttl_max).count()))));
  session->lock_delay = milliseconds(static_cast<std::int64_t>(
      std::min<std::uint64_t>(delay, static_cast<std::uint64_t>(milliseconds(kv::k_lock_delay_max).count()))));
  session->at_end = behavior == "delete" ? kv::AtEnd::remove : kv::AtEnd::release;
  session->create_index = index_of(stored.created, base);
  session->modify_index = index_of(stored.changed, base);
  return session;
}

// --- Prepared queries ---

Result<kv::QueryPtr> read_query(std::string_view id, const KeyValue& stored, std::uint64_t base) {
  Result<kv::Query> query = kv::parse_definition(stored.value);
  if (!query) return std::unexpected(query.error());
  query->id = id;
  query->create_index = index_of(stored.created, base);
  query->modify_index = index_of(stored.changed, base);
  return std::make_shared<const kv::Query>(std::move(*query));
}

// --- Lock delays ---

std::string write_delays(const std::vector<kv::LockDelay>& delays) {
  json::Writer out(64 * delays.size());
  out.open_object();
  for (const kv::LockDelay& delay : delays) out.text_name(delay.key).value(delay.lasts.count());
  return out.close_object().take();
}

Result<std::vector<kv::LockDelay>> read_delays(std::string_view value) {
  const Result<bj::value> parsed = parse_object(value);
  if (!parsed) return std::unexpected(parsed.error());
  std::vector<kv::LockDelay> delays;
  for (const auto& [key, lasts] : parsed->get_object()) {
    if (!lasts.is_int64() || lasts.get_int64() < 0 || key.size() > kv::k_key_bytes_max) {
      return failure(Errc::invalid, "it is no list of keys with milliseconds");
    }
    delays.push_back({std::string(key), std::min(milliseconds(lasts.get_int64()), kv::k_lock_delay_max)});
  }
  return delays;
}

}  // namespace rollcall::cluster
