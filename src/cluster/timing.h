// The times and bounds that the nodes of a cluster agree on, each with its reason. They are no settings: a node with other ones
// would break what the others promise.
#pragma once

#include <chrono>
#include <cstddef>

namespace rollcall::cluster {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr milliseconds k_poll_interval{25};   // a heartbeat is known everywhere so soon
inline constexpr seconds k_session{5};               // the etcd lease of a node's key
inline constexpr milliseconds k_proof_valid{4'500};  // from the sending of a proof: ends before the session can
inline constexpr seconds k_proof_interval{1};        // three may fail before heartbeats are refused
inline constexpr milliseconds k_pass_max{100};       // a longer pass of the loop is a pause of the node
inline constexpr seconds k_grace{5};                 // a revoked node answers until its proof is old
inline constexpr milliseconds k_rank_step{300};      // the next node tries to end what the one before has not
inline constexpr milliseconds k_rank_step_of_end{
    1};                                            // ... later by this for each end that waits there: all are as busy
inline constexpr milliseconds k_end_again{1'000};  // after an end without an answer
inline constexpr milliseconds k_end_soon{20};      // looked at again: a member has not applied the revision
inline constexpr milliseconds k_heard_lately{1'000};  // a joiner hears, and is heard by, every member within this
inline constexpr milliseconds k_hears_within{2'000};  // whom a node says that it hears
// Then a member that hears nobody, or nobody hears, gives up. Longer than the key of a node that was killed can stay (a
// session, and etcd's lateness): the survivor of two goes on.
inline constexpr seconds k_deaf{8};
inline constexpr seconds k_behind{5};                  // and so does one whose watch is this late
inline constexpr milliseconds k_hand_over{1'000};      // a clean leave waits for the others so long
inline constexpr milliseconds k_session_again{1'000};  // between two tries to create the node's key
inline constexpr std::chrono::hours k_unclean_memory{1};
inline constexpr seconds k_backoff_first{10};  // after the second unclean end; doubles
inline constexpr seconds k_backoff_max{600};
inline constexpr std::size_t k_unclean_ends_max = 16;  // more say nothing new: the wait is at its longest

// A heartbeat is answered on the spot only within this part of its ttl. Two clocks that differ by 100 ppm measure the ttl (a
// fifth of the rest), and two more the ages in the exchange.
inline constexpr double k_clocks_apart = 1e-4;
[[nodiscard]] constexpr double safe_part(double clocks_apart) { return 1 - 2 * clocks_apart; }

inline constexpr std::size_t k_items_max = std::size_t{1} << 16;  // in one answer of the exchange: 1 MiB
inline constexpr std::size_t k_pending_max = std::size_t{1}
                                             << 16;  // heartbeats that wait for our watch; the rest cost a put
inline constexpr std::size_t k_ends_max = 4'096;     // of one tick; the rest comes with the next

}  // namespace rollcall::cluster
