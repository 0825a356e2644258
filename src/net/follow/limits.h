// The bounds of a Consul that is followed, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace rollcall::net {

inline constexpr std::size_t k_follow_seats = 128;  // queries that wait there at once: Consul takes 200 of a client
inline constexpr std::size_t k_follow_answer_bytes_max = std::size_t{64} << 20;  // a service of 100,000 instances
inline constexpr std::chrono::milliseconds k_follow_again_min{500};  // after a failure, twice as long each time
inline constexpr std::chrono::milliseconds k_follow_again_max{30'000};

}  // namespace rollcall::net
