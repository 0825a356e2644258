#include <map>
#include <string>

#include "api/consul/txn.h"
#include "fuzz/targets.h"
#include "kv/query_definition.h"
#include "unit/kv/world.h"

namespace rollcall::fuzz {
namespace {

using KeyWorld = kv::testing::World;

constexpr std::size_t k_documents_max = 8;  // of one input

// What readers see is what the disk has, and the counted octets are those that are there.
void check_store(const KeyWorld& world) {
  world.all->read([&](const kv::View& view) {
    expect(view.tables().entries().size() == world.journal.entries.size(), "readers see as many keys as are stored");
    std::size_t bytes = 0;
    for (const auto& [key, entry] : view.tables().entries()) {
      const auto stored = world.journal.entries.find(std::string(key));
      expect(stored != world.journal.entries.end() && stored->second->value == entry->value,
             "a key is as it is stored");
      expect(entry->create_index <= entry->modify_index && entry->modify_index <= view.index(), "indexes are in order");
      bytes += bytes_of(*entry);
    }
    for (const auto& [id, session] : view.tables().sessions()) bytes += bytes_of(*session);
    expect(bytes == view.tables().bytes(), "the octets are counted");
  });
}

void run_transaction(KeyWorld& world, std::string_view body) {
  Result<kv::Transaction> transaction = api::consul::parse_transaction(body);
  if (!transaction) {
    expect(!transaction.error().message.empty(), "a refusal has a sentence");
    return;
  }
  expect(transaction->operations.size() <= kv::k_operations_max, "operations are bounded");
  const std::map<std::string, kv::EntryPtr> before = world.journal.entries;
  const kv::Outcome outcome = world.ask(std::move(*transaction));
  expect(outcome.has_value(), "this disk refuses nothing");
  if (std::holds_alternative<kv::Refusal>(*outcome)) {
    expect(before == world.journal.entries, "a transaction that is refused has changed nothing");
  }
}

void read_definition(std::string_view body) {
  const Result<kv::Query> query = kv::parse_definition(body);
  if (!query) return;
  const Result<kv::Query> again = kv::parse_definition(query->definition);
  if (!again) return;  // escapes have made it longer than the bound
  expect(again->definition == query->definition, "a definition is read back as it was written");
}

}  // namespace

void kv_request(Bytes input) {
  KeyWorld world(std::size_t{64} << 10);
  static_cast<void>(world.begin_session("s"));
  std::string_view left = text_of(input);
  for (std::size_t i = 0; i < k_documents_max && !left.empty(); ++i) {
    const std::size_t end = std::min(left.find('\0'), left.size());
    const std::string_view body = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    run_transaction(world, body);
    read_definition(body);
    check_store(world);
  }
}

}  // namespace rollcall::fuzz
