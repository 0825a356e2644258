// For a thread whose work comes in short pieces that are waited for: woken, it runs before one that is in a longer slice.
//
// Share    as before: who has a short slice gets no more of a core, only sooner.
// Threads  each asks for itself.
// Failure  none: an older system takes no notice, one that refuses lets the thread run as any other.
// Source   sched_setattr(2); Linux 6.12 and later (EEVDF, custom slices).
#pragma once

namespace rollcall::net {

void take_short_slices();

}  // namespace rollcall::net
