#include "answer/roster/service_types.h"

#include <memory>

#include "base/check.h"

namespace rollcall::answer {

ServiceTypes::~ServiceTypes() {
  for (Chunk* chunk = first_.load(std::memory_order_relaxed); chunk != nullptr;) {
    const std::unique_ptr<Chunk> owned(chunk);
    chunk = chunk->next.load(std::memory_order_relaxed);
  }
}

void ServiceTypes::update(Listing& listing, const ServiceAnswers* answers) {
  if (answers == nullptr) {
    if (listing.is_listed()) remove(listing);
  } else if (listing.is_listed()) {
    listing.chunk_->places[listing.place_].store(answers, std::memory_order_release);
  } else {
    insert(listing, *answers);
  }
  check(listing.is_listed() == (answers != nullptr), "a service is listed while it has answers to list");
}

void ServiceTypes::insert(Listing& listing, const ServiceAnswers& answers) {
  Chunk& chunk = open_chunk();
  const std::uint64_t taken = chunk.taken.load(std::memory_order_relaxed);
  check(taken != k_all_taken, "an open chunk has a free place");
  const auto place = static_cast<std::uint8_t>(std::countr_one(taken));
  chunk.places[place].store(&answers, std::memory_order_release);
  const std::uint64_t now_taken = taken | std::uint64_t{1} << place;
  chunk.taken.store(now_taken, std::memory_order_release);
  if (now_taken == k_all_taken) close(chunk);
  listing.chunk_ = &chunk;
  listing.place_ = place;
  ++size_;
}

void ServiceTypes::remove(Listing& listing) {
  Chunk& chunk = *listing.chunk_;
  const std::uint64_t taken = chunk.taken.load(std::memory_order_relaxed);
  const std::uint64_t rest = taken & ~(std::uint64_t{1} << listing.place_);
  check(rest != taken, "a listed service has its place");
  chunk.taken.store(rest, std::memory_order_release);
  chunk.places[listing.place_].store(nullptr, std::memory_order_release);
  listing = {};
  --size_;
  if (taken == k_all_taken) {
    chunk.place_open = open_.size();
    open_.push_back(&chunk);
  }
  if (rest != 0) return;
  // A reader that is in the chunk goes on with its next one, which it keeps.
  close(chunk);
  Chunk* const next = chunk.next.load(std::memory_order_relaxed);
  (chunk.before == nullptr ? first_ : chunk.before->next).store(next, std::memory_order_release);
  (next == nullptr ? last_ : next->before) = chunk.before;
  rcu::Entry::retire(std::unique_ptr<const rcu::Entry>(&chunk));
}

ServiceTypes::Chunk& ServiceTypes::open_chunk() {
  if (!open_.empty()) return *open_.back();
  auto made = std::make_unique<Chunk>();
  made->before = last_;
  open_.push_back(made.get());
  Chunk* const chunk = made.release();
  (last_ == nullptr ? first_ : last_->next).store(chunk, std::memory_order_release);
  last_ = chunk;
  return *chunk;
}

void ServiceTypes::close(Chunk& chunk) {
  check(chunk.place_open < open_.size() && open_[chunk.place_open] == &chunk, "an open chunk knows where it is listed");
  open_[chunk.place_open] = open_.back();
  open_[chunk.place_open]->place_open = chunk.place_open;
  open_.pop_back();
}

}  // namespace rollcall::answer
