#include "base/rcu.h"

#include <algorithm>
#include <bit>
#include <pthread.h>
#include <system_error>

#ifdef ROLLCALL_TSAN
// What liburcu itself allocates, frees and locks is out of ThreadSanitizer's sight. What we do in its callbacks is not.
// The runtime looks for it by name: it is seen though the room hides its symbols.
extern "C" [[gnu::visibility("default")]] const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:liburcu-memb.so\ncalled_from_lib:liburcu-cds.so\n";
}
#endif

namespace rollcall::rcu {

namespace detail {
char g_grace_period = 0;
}

void drain() { urcu_memb_barrier(); }

void wait_for_readers() {
  urcu_memb_synchronize_rcu();
  detail::tsan_acquire(&detail::g_grace_period);
}

void Entry::retire(std::unique_ptr<const Entry> entry) {
  Entry* raw = const_cast<Entry*>(entry.release());  // nobody else owns it; only the head is written
  urcu_memb_call_rcu(&raw->head, [](rcu_head* head) {
    detail::tsan_acquire(&detail::g_grace_period);
    delete of(head);
  });
}

Buckets::Buckets() : table_(cds_lfht_new_flavor(k_count_min, k_count_min, 0, 0, &urcu_memb_flavor, nullptr)) {
  check(table_ != nullptr, "no memory for a hash table");
}

Buckets::~Buckets() {
  if (changer_.joinable()) changer_.join();
  cds_lfht_destroy(table_, nullptr);
}

void Buckets::reserve(std::size_t entries) {
  if (entries <= count_) return;
  if (changer_.joinable()) changer_.join();
  count_ = std::bit_ceil(entries);
  cds_lfht_resize(table_, count_);
}

void Buckets::change_soon(std::size_t entries) {
  if (is_changing_.load(std::memory_order_acquire)) return;  // asked again by the next change
  const std::size_t wanted = std::max(k_count_min, std::bit_ceil(entries + entries / 2));
  try {
    is_changing_.store(true, std::memory_order_relaxed);
    // What is joined here, if anything, has nothing left to do that could wait for our ReadLock.
    changer_ = std::jthread([this, wanted] {
      pthread_setname_np(pthread_self(), "buckets");
      {
        const Thread reader;
        cds_lfht_resize(table_, wanted);
      }
      is_changing_.store(false, std::memory_order_release);
    });
    count_ = wanted;
  } catch (const std::system_error&) {
    is_changing_.store(false, std::memory_order_relaxed);  // no thread to be had now: chains are longer meanwhile
  }
}

}  // namespace rollcall::rcu
