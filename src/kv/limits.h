// The bounds of the key-value store, each with its reason. A test tries each bound and bound + 1.
#pragma once

#include <chrono>
#include <cstddef>

namespace rollcall::kv {

inline constexpr std::size_t k_value_bytes_max = std::size_t{512} << 10;  // Consul's own
inline constexpr std::size_t k_key_bytes_max = 1'024;                  // percent-encoded it still fits a request line
inline constexpr std::size_t k_bytes_default = std::size_t{64} << 20;  // of everything: it lives in memory
inline constexpr std::size_t k_operations_max = 128;                   // of one transaction; Consul's own
inline constexpr std::size_t k_transaction_bytes_max = std::size_t{2} << 20;        // of its body
inline constexpr std::size_t k_transaction_read_bytes_max = std::size_t{16} << 20;  // of the values that it shows
inline constexpr std::size_t k_waiting_bytes_max = std::size_t{64} << 20;           // of changes that wait for the disk
inline constexpr std::size_t k_waiting_max = 65'536;                                // of them
inline constexpr std::size_t k_batch_max = 1'024;  // of them in one transaction of the database
inline constexpr std::size_t k_batch_bytes_max = std::size_t{16} << 20;
inline constexpr std::size_t k_seats_max = 100'000;                           // calls that wait for a change
inline constexpr std::size_t k_graves_max = 65'536;                           // deleted keys whose index is remembered
inline constexpr std::size_t k_name_bytes_max = 255;                          // of sessions, nodes, checks and queries
inline constexpr std::size_t k_checks_max = 64;                               // of a session
inline constexpr std::size_t k_definition_bytes_max = std::size_t{16} << 10;  // of a prepared query

// Of what one session holds, where all of it must end in one transaction of etcd, which takes 128 operations and 1.5 MiB.
inline constexpr std::size_t k_shared_held_max = 100;
inline constexpr std::size_t k_shared_held_bytes_max = std::size_t{1} << 20;  // as bytes_of counts them
inline constexpr std::size_t k_shared_bound_queries_max = 16;

inline constexpr std::chrono::milliseconds k_ttl_min = std::chrono::seconds(10);
inline constexpr std::chrono::milliseconds k_ttl_max = std::chrono::hours(24);
inline constexpr std::chrono::milliseconds k_lock_delay_default = std::chrono::seconds(15);
inline constexpr std::chrono::milliseconds k_lock_delay_max = std::chrono::seconds(60);
inline constexpr std::chrono::milliseconds k_delays_looked_at_every{1'000};  // for those to be forgotten
inline constexpr std::chrono::milliseconds k_shared_patience{
    5'000};                                                     // then a client of a cluster is told that etcd is away
inline constexpr std::chrono::milliseconds k_again_after{500};  // when the disk has refused the end of a session

}  // namespace rollcall::kv
