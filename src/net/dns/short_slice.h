// Short scheduler slices for the calling thread: when it is woken it runs before threads with longer slices. For threads
// whose work comes in short pieces that somebody waits for.
//
// Share    unchanged: the thread gets no more of a core, it only gets it sooner.
// Threads  each thread calls it for itself.
// Failure  none: a kernel that does not know or does not allow it schedules the thread as any other.
// Source   sched_setattr(2); Linux 6.12 and later (EEVDF, custom slices).
#pragma once

namespace rollcall::net {

void take_short_slices();

}  // namespace rollcall::net
