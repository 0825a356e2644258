#include "answer/roster/service_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_line_bytes = 64;
constexpr std::size_t k_lines_fetched = 6;  // the fields, and the octets of a service of a few instances
constexpr std::size_t k_slots_for_each = 2;

const char g_removed = 0;  // an address only

}  // namespace

const ServiceAnswers* const ServiceIndex::k_removed = reinterpret_cast<const ServiceAnswers*>(&g_removed);

ServiceIndex::ServiceIndex() : table_(new Table(k_slots_initial)) {}

ServiceIndex::~ServiceIndex() {
  for_each([](const ServiceAnswers& answers) { rcu::Entry::retire(std::unique_ptr<const rcu::Entry>(&answers)); });
  delete table_.load(std::memory_order_relaxed);
}

const ServiceAnswers* ServiceIndex::find(const registry::ServiceRef& service, std::uint64_t hash) const noexcept {
  const Table& in = table();
  for (std::size_t at = hash & in.mask;; at = (at + 1) & in.mask) {
    const Slot& slot = in.slots[at];
    const ServiceAnswers* answers = slot.load();
    if (answers == nullptr) return nullptr;
    if (slot.hash.load(std::memory_order_relaxed) != hash || answers == k_removed) continue;
    if (answers->has_key(service)) return answers;
  }
}

void ServiceIndex::fetch_place(std::uint64_t hash) const noexcept {
  const Table& in = table();
  __builtin_prefetch(&in.slots[hash & in.mask]);
}

void ServiceIndex::fetch_answers(std::uint64_t hash) const noexcept {
  const Table& in = table();
  for (std::size_t at = hash & in.mask;; at = (at + 1) & in.mask) {
    const Slot& slot = in.slots[at];
    const ServiceAnswers* answers = slot.load();
    if (answers == nullptr) return;
    if (slot.hash.load(std::memory_order_relaxed) != hash || answers == k_removed) continue;
    const char* begin = reinterpret_cast<const char*>(answers);
    for (std::size_t line = 0; line < k_lines_fetched; ++line) __builtin_prefetch(begin + line * k_line_bytes);
    return;
  }
}

ServiceIndex::Slot* ServiceIndex::find_slot(const registry::ServiceRef& service, std::uint64_t hash) noexcept {
  Table& in = *table_.load(std::memory_order_relaxed);
  for (std::size_t at = hash & in.mask;; at = (at + 1) & in.mask) {
    Slot& slot = in.slots[at];
    const ServiceAnswers* answers = slot.answers.load(std::memory_order_relaxed);
    if (answers == nullptr) return nullptr;
    if (answers != k_removed && slot.hash.load(std::memory_order_relaxed) == hash && answers->has_key(service)) {
      return &slot;
    }
  }
}

std::unique_ptr<const ServiceAnswers> ServiceIndex::publish(std::unique_ptr<ServiceAnswers> answers) {
  check(answers != nullptr, "what is published is there");
  const registry::ServiceRef service = answers->key();
  const std::uint64_t hash = registry::hash_of(service);
  if (Slot* slot = find_slot(service, hash)) {
    const ServiceAnswers* old = slot->answers.load(std::memory_order_relaxed);
    slot->store(hash, answers.release());
    return std::unique_ptr<const ServiceAnswers>(old);
  }
  Table& in = *table_.load(std::memory_order_relaxed);
  if ((used_ + 1) * k_slots_for_each > in.slots.size()) rebuild((count_ + 1) * k_slots_for_each * 2);
  insert(*table_.load(std::memory_order_relaxed), hash, answers.release());
  ++count_;
  return nullptr;
}

void ServiceIndex::insert(Table& table, std::uint64_t hash, const ServiceAnswers* answers) noexcept {
  std::size_t at = hash & table.mask;
  while (table.slots[at].answers.load(std::memory_order_relaxed) != nullptr) at = (at + 1) & table.mask;
  table.slots[at].store(hash, answers);
  ++used_;
}

std::unique_ptr<const ServiceAnswers> ServiceIndex::remove(const ServiceAnswers& answers) {
  Slot* slot = find_slot(answers.key(), registry::hash_of(answers.key()));
  check(slot != nullptr && slot->answers.load(std::memory_order_relaxed) == &answers, "what is removed is there");
  slot->answers.store(k_removed, std::memory_order_release);
  --count_;
  return std::unique_ptr<const ServiceAnswers>(&answers);
}

void ServiceIndex::reserve(std::size_t services) {
  const std::size_t wanted = std::bit_ceil(services * k_slots_for_each);
  if (wanted > table_.load(std::memory_order_relaxed)->slots.size()) rebuild(wanted);
}

// Readers go on in the old table, which has all there is, until they have left it.
void ServiceIndex::rebuild(std::size_t slots) {
  Table* old = table_.load(std::memory_order_relaxed);
  auto grown = std::make_unique<Table>(std::max(std::bit_ceil(slots), k_slots_initial));
  used_ = 0;
  for (const Slot& slot : old->slots) {
    const ServiceAnswers* answers = slot.answers.load(std::memory_order_relaxed);
    if (answers == nullptr || answers == k_removed) continue;
    insert(*grown, slot.hash.load(std::memory_order_relaxed), answers);
  }
  check(used_ == count_ && used_ * k_slots_for_each <= grown->slots.size(),
        "a table has every service, and is half empty");
  table_.store(grown.release(), std::memory_order_release);
  rcu::Entry::retire(std::unique_ptr<const rcu::Entry>(old));
}

}  // namespace rollcall::answer
