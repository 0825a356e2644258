#include "store/key_store.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <bit>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <exception>
#include <fmt/format.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "json/writer.h"
#include "kv/limits.h"
#include "store/database.h"
#include "store/sqlite_error.h"

namespace rollcall::store {
namespace {

using std::chrono::milliseconds;

// SQLite's integers are signed: flags have all 64 bits.
std::int64_t to_stored(std::uint64_t number) { return std::bit_cast<std::int64_t>(number); }
std::uint64_t from_stored(std::int64_t number) { return std::bit_cast<std::uint64_t>(number); }

std::string write_list(const std::vector<std::string>& texts) {
  json::Writer out;
  out.open_array();
  for (const std::string& text : texts) out.value(text);
  return out.close_array().take();
}

std::vector<std::string> read_list(const std::string& text) {
  std::vector<std::string> texts;
  boost::system::error_code failed;
  const boost::json::value list = boost::json::parse(text, failed);
  if (failed || !list.is_array()) return texts;
  for (const boost::json::value& element : list.get_array()) {
    if (element.is_string()) texts.emplace_back(element.get_string().data(), element.get_string().size());
  }
  return texts;
}

// Runs a statement whose values are bound, and makes it ready for the next.
void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
  statement.clearBindings();
}

void remove(SQLite::Statement& statement, const std::string& name) {
  statement.bindNoCopy(1, name);
  run(statement);
}

}  // namespace

struct KeyStore::Statements {
  explicit Statements(SQLite::Database& connection)
      : put_entry(connection,
                  "REPLACE INTO kv_entry (key, value, flags, session, lock_index, create_index, modify_index)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?)"),
        remove_entry(connection, "DELETE FROM kv_entry WHERE key = ?"),
        put_session(
            connection,
            "REPLACE INTO kv_session (id, name, node, node_checks, service_checks, ttl_ms, lock_delay_ms, behavior,"
            " create_index, modify_index, host) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        remove_session(connection, "DELETE FROM kv_session WHERE id = ?"),
        put_query(connection,
                  "REPLACE INTO prepared_query (id, definition, create_index, modify_index) VALUES (?, ?, ?, ?)"),
        remove_query(connection, "DELETE FROM prepared_query WHERE id = ?"),
        put_delay(connection, "REPLACE INTO kv_lock_delay (key, delay_ms) VALUES (?, ?)"),
        remove_delay(connection, "DELETE FROM kv_lock_delay WHERE key = ?"),
        put_index(connection, "UPDATE kv_counter SET change_index = ?") {}

  void write(const kv::Replaced<kv::Entry>& change) {
    if (!change.after) return remove(remove_entry, change.before->key);
    const kv::Entry& entry = *change.after;
    put_entry.bindNoCopy(1, entry.key);
    put_entry.bindNoCopy(2, entry.value.data(), static_cast<int>(entry.value.size()));
    put_entry.bind(3, to_stored(entry.flags));
    put_entry.bindNoCopy(4, entry.session);
    put_entry.bind(5, to_stored(entry.lock_index));
    put_entry.bind(6, to_stored(entry.create_index));
    put_entry.bind(7, to_stored(entry.modify_index));
    run(put_entry);
  }
  void write(const kv::Replaced<kv::Session>& change) {
    if (!change.after) return remove(remove_session, change.before->id);
    const kv::Session& session = *change.after;
    put_session.bindNoCopy(1, session.id);
    put_session.bindNoCopy(2, session.name);
    put_session.bindNoCopy(3, session.node);
    put_session.bind(4, write_list(session.node_checks));
    put_session.bind(5, write_list(session.service_checks));
    if (session.ttl > milliseconds::zero()) {
      put_session.bind(6, static_cast<std::int64_t>(session.ttl.count()));
    } else {
      put_session.bind(6);
    }
    put_session.bind(7, static_cast<std::int64_t>(session.lock_delay.count()));
    put_session.bind(8, session.at_end == kv::AtEnd::remove ? "delete" : "release");
    put_session.bind(9, to_stored(session.create_index));
    put_session.bind(10, to_stored(session.modify_index));
    put_session.bindNoCopy(11, session.host);
    run(put_session);
  }
  void write(const kv::Replaced<kv::Query>& change) {
    if (!change.after) return remove(remove_query, change.before->id);
    const kv::Query& query = *change.after;
    put_query.bindNoCopy(1, query.id);
    put_query.bindNoCopy(2, query.definition);
    put_query.bind(3, to_stored(query.create_index));
    put_query.bind(4, to_stored(query.modify_index));
    run(put_query);
  }
  void write(const kv::LockDelay& delay) {
    if (delay.lasts <= milliseconds::zero()) return remove(remove_delay, delay.key);
    put_delay.bindNoCopy(1, delay.key);
    put_delay.bind(2, static_cast<std::int64_t>(delay.lasts.count()));
    run(put_delay);
  }

  static void write(const kv::Renewed&) {}  // of a cluster's sessions; those here live in memory

  SQLite::Statement put_entry, remove_entry;
  SQLite::Statement put_session, remove_session;
  SQLite::Statement put_query, remove_query;
  SQLite::Statement put_delay, remove_delay;
  SQLite::Statement put_index;
};

KeyStore::KeyStore(Database& database) : database_(database) {}
KeyStore::~KeyStore() = default;

KeyStore::Statements& KeyStore::statements() {
  if (!statements_) statements_ = std::make_unique<Statements>(database_.connection());
  return *statements_;
}

Result<void> KeyStore::record(const kv::Changes& changes) {
  try {
    Statements& all = statements();
    SQLite::Transaction transaction(database_.connection(), SQLite::TransactionBehavior::IMMEDIATE);
    for (const kv::Change& change : changes.list) {
      std::visit([&](const auto& each) { all.write(each); }, change);
    }
    all.put_index.bind(1, to_stored(changes.index));
    run(all.put_index);
    transaction.commit();
  } catch (const std::exception& exception) {
    statements_.reset();  // one of them may still be at work
    return std::unexpected(to_error(exception, "written"));
  }
  database_.checkpoint_when_due();
  return {};
}

Result<kv::Stored> KeyStore::read() {
  try {
    SQLite::Database& connection = database_.connection();
    kv::Stored stored;
    stored.index = from_stored(connection.execAndGet("SELECT change_index FROM kv_counter").getInt64());

    std::set<std::string> sessions;
    SQLite::Statement session_rows(connection,
                                   "SELECT id, name, node, node_checks, service_checks, ttl_ms, lock_delay_ms, "
                                   "behavior, create_index, modify_index, host"
                                   " FROM kv_session");
    while (session_rows.executeStep()) {
      auto session = std::make_shared<kv::Session>();
      session->id = session_rows.getColumn(0).getString();
      session->name = session_rows.getColumn(1).getString();
      session->node = session_rows.getColumn(2).getString();
      session->node_checks = read_list(session_rows.getColumn(3).getString());
      session->service_checks = read_list(session_rows.getColumn(4).getString());
      session->ttl = milliseconds(session_rows.getColumn(5).getInt64());
      session->lock_delay = milliseconds(session_rows.getColumn(6).getInt64());
      session->at_end = session_rows.getColumn(7).getString() == "delete" ? kv::AtEnd::remove : kv::AtEnd::release;
      session->create_index = from_stored(session_rows.getColumn(8).getInt64());
      session->modify_index = from_stored(session_rows.getColumn(9).getInt64());
      session->host = session_rows.getColumn(10).getString();
      sessions.insert(session->id);
      stored.sessions.push_back(std::move(session));
    }

    SQLite::Statement entry_rows(
        connection, "SELECT key, value, flags, session, lock_index, create_index, modify_index FROM kv_entry");
    while (entry_rows.executeStep()) {
      auto entry = std::make_shared<kv::Entry>();
      entry->key = entry_rows.getColumn(0).getString();
      entry->value = entry_rows.getColumn(1).getString();
      if (entry->key.empty() || entry->key.size() > kv::k_key_bytes_max ||
          entry->value.size() > kv::k_value_bytes_max) {
        stored.left_out.push_back(fmt::format("a row of kv_entry has a key or a value that is too long: \"{}\"",
                                              std::string_view(entry->key).substr(0, kv::k_name_bytes_max)));
        continue;
      }
      entry->flags = from_stored(entry_rows.getColumn(2).getInt64());
      entry->session = entry_rows.getColumn(3).getString();
      if (!sessions.contains(entry->session)) entry->session.clear();  // edited by hand: nobody could release it
      entry->lock_index = from_stored(entry_rows.getColumn(4).getInt64());
      entry->create_index = from_stored(entry_rows.getColumn(5).getInt64());
      entry->modify_index = from_stored(entry_rows.getColumn(6).getInt64());
      stored.entries.push_back(std::move(entry));
    }

    SQLite::Statement query_rows(connection, "SELECT id, definition, create_index, modify_index FROM prepared_query");
    while (query_rows.executeStep()) {
      kv::Query query;
      query.id = query_rows.getColumn(0).getString();
      query.definition = query_rows.getColumn(1).getString();
      query.create_index = from_stored(query_rows.getColumn(2).getInt64());
      query.modify_index = from_stored(query_rows.getColumn(3).getInt64());
      stored.queries.push_back(std::move(query));
    }

    SQLite::Statement delay_rows(connection, "SELECT key, delay_ms FROM kv_lock_delay");
    while (delay_rows.executeStep()) {
      stored.delays.push_back({delay_rows.getColumn(0).getString(), milliseconds(delay_rows.getColumn(1).getInt64())});
    }
    return stored;
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "read"));
  }
}

}  // namespace rollcall::store
