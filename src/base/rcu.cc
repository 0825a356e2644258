#include "base/rcu.h"

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

}  // namespace rollcall::rcu
