#include "base/rcu.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "base/random.h"
#include "catch.h"

namespace rollcall::rcu {
namespace {

std::atomic<int> living{0};

// Once everything retired is freed.
int settled() {
  drain();
  return living;
}

// Says of itself whether it is whole: a reader that saw half of one, or a freed one, would see the two differ.
class Word final : public Entry {
 public:
  using Key = std::uint64_t;
  Word(Key key, std::uint64_t version) : key_(key), version_(version), twin_(~version) { ++living; }
  ~Word() override {
    twin_ = version_;
    --living;
  }

  [[nodiscard]] Key key() const { return key_; }
  static std::uint64_t hash(const Key& key) { return hash_bytes({reinterpret_cast<const char*>(&key), sizeof key}, 1); }
  [[nodiscard]] bool has_key(const Key& key) const { return key == key_; }

  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] bool is_whole() const { return twin_ == ~version_; }

 private:
  Key key_;
  std::uint64_t version_;
  std::uint64_t twin_;
};

// All of one hash: the table must tell them apart by their keys.
class Colliding final : public Entry {
 public:
  using Key = int;
  explicit Colliding(int key) : key_(key) {}
  [[nodiscard]] Key key() const { return key_; }
  static std::uint64_t hash(const Key&) { return 7; }
  [[nodiscard]] bool has_key(const Key& key) const { return key == key_; }

 private:
  int key_;
};

// As a room that has nothing else leading to its entries does it.
template <class T, class... Args>
void publish(Table<T>& table, Args... args) {
  if (auto old = table.publish(std::make_unique<T>(args...))) Entry::retire(std::move(old));
}
template <class T>
void remove(Table<T>& table, const T& entry) {
  Entry::retire(table.remove(entry));
}

TEST_CASE("what is published is found under its key, and nothing else is") {
  Table<Word> table;
  const ReadLock lock;
  CHECK(table.find(1) == nullptr);
  publish(table, 1U, 10U);
  const Word* found = table.find(1);
  REQUIRE(found != nullptr);
  CHECK(found->version() == 10);
  CHECK(table.find(1, Word::hash(1)) == found);
  CHECK(table.find(2) == nullptr);
  CHECK(table.size() == 1);
}

TEST_CASE("an entry is found by another view of equality among those of its hash") {
  Table<Colliding> table;
  for (int key = 0; key < 10; ++key) publish(table, key);
  const ReadLock lock;
  const Colliding* found = table.find_if(7, [](const Colliding& each) { return each.key() * each.key() == 49; });
  REQUIRE(found != nullptr);
  CHECK(found->key() == 7);
  CHECK(table.find_if(7, [](const Colliding&) { return false; }) == nullptr);
  CHECK(table.find_if(8, [](const Colliding&) { return true; }) == nullptr);
}

TEST_CASE("a replaced entry comes back, and is freed once nobody can hold it, not before") {
  const int before = settled();
  Table<Word> table;
  publish(table, 1U, 10U);
  {
    const ReadLock lock;
    const Word* old = table.find(1);
    std::unique_ptr<const Word> replaced = table.publish(std::make_unique<Word>(1, 11));
    CHECK(replaced.get() == old);
    Entry::retire(std::move(replaced));
    CHECK(table.find(1)->version() == 11);
    CHECK(old->is_whole());
    CHECK(old->version() == 10);
    CHECK(table.size() == 1);
  }
  CHECK(settled() == before + 1);
}

TEST_CASE("an entry removed is not found again") {
  Table<Word> table;
  publish(table, 1U, 10U);
  const ReadLock lock;
  remove(table, *table.find(1));
  CHECK(table.find(1) == nullptr);
  CHECK(table.size() == 0);
}

TEST_CASE("a table frees all it holds") {
  const int before = settled();
  {
    Table<Word> table;
    for (unsigned key = 0; key < 5'000; ++key) publish(table, key, key);
    CHECK(table.size() == 5'000);
  }
  CHECK(settled() == before);
}

TEST_CASE("entries of one hash are told apart by their keys") {
  Table<Colliding> table;
  for (int key = 0; key < 100; ++key) publish(table, key);
  const ReadLock lock;
  CHECK(table.size() == 100);
  for (int key = 0; key < 100; ++key) {
    const Colliding* found = table.find(key);
    REQUIRE(found != nullptr);
    CHECK(found->key() == key);
  }
  CHECK(table.find(100) == nullptr);
}

TEST_CASE("every entry is visited once, and the visitor may remove it") {
  Table<Word> table;
  for (unsigned key = 0; key < 3'000; ++key) publish(table, key, key);
  std::map<std::uint64_t, int> visits;
  {
    const ReadLock lock;
    table.for_each([&](const Word& word) {
      ++visits[word.key()];
      if (word.key() % 2 == 0) remove(table, word);
    });
  }
  CHECK(visits.size() == 3'000);
  CHECK(std::ranges::all_of(visits, [](const auto& visit) { return visit.second == 1; }));
  CHECK(table.size() == 1'500);
  const ReadLock lock;
  CHECK(table.find(2) == nullptr);
  CHECK(table.find(3) != nullptr);
}

// A change of the buckets may be going on; the next one waits for it.
template <class Change>
bool fits_at_last(const Table<Word>& table, Change change) {
  const auto fits = [&] { return table.size() <= table.buckets() && table.buckets() <= 8 * (table.size() + 1'024); };
  for (int patience = 0; patience < 10'000 && !fits(); ++patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    change();
  }
  return fits();
}

TEST_CASE("buckets follow the entries, up and down, and every entry is found meanwhile") {
  constexpr unsigned k_words = 40'000;
  constexpr unsigned k_stay = 50;
  Table<Word> table;
  const auto count_found = [&](unsigned keys) {
    const ReadLock lock;
    unsigned found = 0;
    for (unsigned key = 0; key < keys; ++key) found += table.find(key) != nullptr ? 1U : 0U;
    return found;
  };
  for (unsigned key = 0; key < k_words; ++key) {
    publish(table, key, key);
    if (key % 4'000 == 0) CHECK(count_found(key + 1) == key + 1);
  }
  unsigned more = k_words;
  CHECK(fits_at_last(table, [&] { publish(table, more++, 0U); }));
  CHECK(count_found(more) == more);

  const auto remove_key = [&](unsigned key) {
    const ReadLock lock;
    remove(table, *table.find(key));
  };
  while (more > 2 * k_stay) remove_key(--more);
  CHECK(fits_at_last(table, [&] {
    if (more > k_stay) remove_key(--more);
  }));
  CHECK(count_found(k_words) == more);

  table.reserve(k_words);
  CHECK(table.buckets() >= k_words);
  CHECK(count_found(k_words) == more);
}

// A reader checks what must hold whatever the writer is doing: entries are whole, and of one key never get older.
void read_until(const std::atomic<bool>& stop, const Table<Word>& table, std::uint64_t keys, std::uint64_t seed,
                std::atomic<std::uint64_t>& broken) {
  const Thread reader;
  Random random(seed);
  std::vector<std::uint64_t> newest(keys, 0);
  while (!stop.load(std::memory_order_relaxed)) {
    const ReadLock lock;
    for (int look = 0; look < 64; ++look) {
      const std::uint64_t key = random.below(static_cast<std::uint32_t>(keys));
      const Word* word = table.find(key);
      if (word == nullptr) continue;
      if (!word->is_whole() || word->key() != key || word->version() < newest[key]) ++broken;
      newest[key] = word->version();
    }
  }
}

TEST_CASE("readers beside a writer see whole entries, each key's in their order") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  constexpr std::uint64_t k_keys = 3'000;  // above the first number of buckets: the table grows meanwhile
  const int before = settled();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> broken{0};
  {
    Table<Word> table;
    std::vector<std::jthread> readers;
    for (std::uint64_t reader = 1; reader <= 3; ++reader) {
      readers.emplace_back([&, reader] { read_until(stop, table, k_keys, seed + reader, broken); });
    }
    Random random(seed);
    for (std::uint64_t version = 1; version <= 60'000; ++version) {
      const std::uint64_t key = random.below(k_keys);
      const ReadLock lock;
      const Word* word = table.find(key);
      if (word != nullptr && random.below(4) == 0) {
        remove(table, *word);
      } else {
        publish(table, key, version);
      }
    }
    stop = true;
    readers.clear();
    CHECK(broken == 0);
  }
  CHECK(settled() == before);
}

}  // namespace
}  // namespace rollcall::rcu
