// Read-copy-update: readers without locks, over liburcu (membarrier flavour) and its lock-free hash table.
//
// Owner    a Table owns its entries. An entry taken out, or replaced, goes back to the caller, who retires it: it is
//          freed after every reader that could have seen it has left its ReadLock.
// Threads  every thread that takes a ReadLock holds an rcu::Thread for its whole life. Any number of readers; changes
//          to one table come from one thread at a time. Lifetime what `find` returns is valid until the ReadLock
//          around the call ends. Keep values, not pointers.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <urcu/rculfhash.h>
#include <urcu/urcu-memb.h>
#include <utility>

#include "base/check.h"

// liburcu is not instrumented: ThreadSanitizer is told of the two orders it guarantees (publish before find, last read
// before free).
#if defined(__SANITIZE_THREAD__)
#define ROLLCALL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ROLLCALL_TSAN 1
#endif
#endif
#ifdef ROLLCALL_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace rollcall::rcu {

namespace detail {
#ifdef ROLLCALL_TSAN
inline void tsan_acquire(const void* address) noexcept { __tsan_acquire(const_cast<void*>(address)); }
inline void tsan_release(const void* address) noexcept { __tsan_release(const_cast<void*>(address)); }
#else
inline void tsan_acquire(const void*) noexcept {}
inline void tsan_release(const void*) noexcept {}
#endif
extern char g_grace_period;  // an address only: what every reader's unlock happens before, and every free after
}  // namespace detail

// Registers the calling thread as a reader for as long as it lives.
class Thread {
 public:
  Thread() { urcu_memb_register_thread(); }
  ~Thread() { urcu_memb_unregister_thread(); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
};

class ReadLock {
 public:
  ReadLock() noexcept { urcu_memb_read_lock(); }
  ~ReadLock() {
    detail::tsan_release(&detail::g_grace_period);
    urcu_memb_read_unlock();
  }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;
};

// Waits until everything retired so far has been freed. Not from inside a ReadLock. For shutdown and tests.
void drain();

// Waits until every reader that is in a ReadLock now has left it. Not from inside one.
void wait_for_readers();

namespace detail {
// What liburcu hangs an entry up by. A base, so that its pointers lead back to the whole without one of our own.
struct Links {
  cds_lfht_node node{};
  rcu_head head{};
};
}  // namespace detail

// What an entry of a table derives from.
class Entry : private detail::Links {
 public:
  Entry() = default;
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  virtual ~Entry() = default;

  // Frees the entry once no reader can hold it. It must be out of reach of new readers already.
  static void retire(std::unique_ptr<const Entry> entry);

 private:
  template <class T>
  friend class Table;
  static const Entry* of(const cds_lfht_node* node) noexcept {
    return static_cast<const Entry*>(caa_container_of(node, const detail::Links, node));
  }
  static Entry* of(rcu_head* head) noexcept { return static_cast<Entry*>(caa_container_of(head, detail::Links, head)); }
};

// The buckets of a table: about as many as it has entries, so that a look-up reads one or two of them. liburcu's own
// resizing would let eight entries share a bucket before it begins.
class Buckets {
 public:
  Buckets();
  // Empty by now, and no reader is left.
  ~Buckets();
  Buckets(const Buckets&) = delete;
  Buckets& operator=(const Buckets&) = delete;

  [[nodiscard]] cds_lfht* table() const { return table_; }
  // As it is, or will be soon.
  [[nodiscard]] std::size_t count() const { return count_; }

  // Of the changing thread. `fit` is for when there are so many entries now; when they are too many or too few for the
  // buckets, a thread of its own changes these while everybody goes on. `reserve` waits, and not inside a ReadLock.
  void fit(std::size_t entries) {
    if (entries > count_ || (entries < count_ / k_entries_too_few && count_ > k_count_min)) change_soon(entries);
  }
  void reserve(std::size_t entries);

 private:
  static constexpr std::size_t k_count_min = 1024;
  static constexpr std::size_t k_entries_too_few = 8;  // an eighth of the buckets

  void change_soon(std::size_t entries);

  cds_lfht* table_;
  std::size_t count_ = k_count_min;
  std::atomic<bool> is_changing_{false};
  std::jthread changer_;
};

// A hash table of entries of type T, which derives from Entry and has
//   using Key; Key key() const; static std::uint64_t hash(const Key&); bool has_key(const Key&) const;
template <class T>
class Table {
 public:
  using Key = typename T::Key;

  Table() = default;
  // No reader is left.
  ~Table() {
    {
      const ReadLock lock;
      for_each([this](const T& entry) { Entry::retire(take(entry)); });
    }
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Under a ReadLock.
  [[nodiscard]] const T* find(const Key& key) const noexcept { return find(key, T::hash(key)); }

  // The same with the hash at hand.
  [[nodiscard]] const T* find(const Key& key, std::uint64_t hash) const noexcept {
    cds_lfht_iter iter;
    cds_lfht_lookup(buckets_.table(), hash, &matches, &key, &iter);
    return entry_of(cds_lfht_iter_get_node(&iter));
  }

  // The entry that `accepts` takes among those of this hash: another view of equality than the key's.
  template <std::predicate<const T&> F>
  [[nodiscard]] const T* find_if(std::uint64_t hash, F&& accepts) const noexcept {
    cds_lfht_iter iter;
    const auto trampoline = [](cds_lfht_node* node, const void* predicate) -> int {
      return (*static_cast<const std::remove_reference_t<F>*>(predicate))(*entry_of(node)) ? 1 : 0;
    };
    cds_lfht_lookup(buckets_.table(), hash, trampoline, &accepts, &iter);
    return entry_of(cds_lfht_iter_get_node(&iter));
  }

  // Makes the entry visible, in place of the one with its key, which comes back, out of reach of new readers of this
  // table. Whoever gets it retires it, after everything else that leads to it is out of reach too.
  [[nodiscard]] std::unique_ptr<const T> publish(std::unique_ptr<T> entry) {
    const ReadLock lock;
    T* raw = entry.release();
    const Key key = raw->key();
    detail::tsan_release(&raw->Entry::node);
    cds_lfht_node* old = cds_lfht_add_replace(buckets_.table(), T::hash(key), &matches, &key, &raw->Entry::node);
    if (old == nullptr) buckets_.fit(++size_);
    return std::unique_ptr<const T>(entry_of(old));
  }

  // Takes the entry out. It must be in the table.
  [[nodiscard]] std::unique_ptr<const T> remove(const T& entry) {
    const ReadLock lock;
    std::unique_ptr<const T> taken = take(entry);
    buckets_.fit(size_);
    return taken;
  }

  // The same as `for_each`, until the visitor says false.
  template <std::predicate<const T&> F>
  void for_each_until(F&& visit) const {
    cds_lfht_iter iter;
    cds_lfht_first(buckets_.table(), &iter);
    while (cds_lfht_node* node = cds_lfht_iter_get_node(&iter)) {
      cds_lfht_next(buckets_.table(), &iter);
      if (!visit(*entry_of(node))) return;
    }
  }

  // Every entry that stays in the table during the call, in no order; others may or may not come. Under a ReadLock.
  template <std::invocable<const T&> F>
  void for_each(F&& visit) const {
    cds_lfht_iter iter;
    cds_lfht_first(buckets_.table(), &iter);
    while (cds_lfht_node* node = cds_lfht_iter_get_node(&iter)) {
      cds_lfht_next(buckets_.table(), &iter);  // first, so that the visitor may remove its entry
      visit(*entry_of(node));
    }
  }

  // Makes room for so many entries at once, for whoever puts in very many in a row. The changing thread's, and not from
  // inside a ReadLock.
  void reserve(std::size_t entries) { buckets_.reserve(entries); }

  // Of the changing thread only.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t buckets() const { return buckets_.count(); }

 private:
  static const T* entry_of(cds_lfht_node* node) noexcept {
    if (node == nullptr) return nullptr;
    detail::tsan_acquire(node);
    return static_cast<const T*>(Entry::of(node));
  }
  static int matches(cds_lfht_node* node, const void* key) {
    return entry_of(node)->has_key(*static_cast<const Key*>(key)) ? 1 : 0;
  }

  // Under a ReadLock.
  std::unique_ptr<const T> take(const T& entry) {
    const int gone = cds_lfht_del(buckets_.table(), const_cast<cds_lfht_node*>(&entry.Entry::node));
    check(gone == 0, "an entry is removed once");
    --size_;
    return std::unique_ptr<const T>(&entry);
  }

  Buckets buckets_;
  std::size_t size_ = 0;
};

}  // namespace rollcall::rcu
