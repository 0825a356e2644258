// What the Responder makes of a message: the octets it wrote, and what comes after them.
//
// Shape    `following` names every way a reply can go on after its first message. Today that is a zone transfer, whose
//          messages are made one after the other when the client has taken the one before. An answer that is ready only
//          after a commit will be a further alternative.
// Owner    the caller: it must send the rest, or destroy it.
// Failure  0 octets: no reply is due, and nothing follows.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

#include "answer/transfer/transfer_stream.h"

namespace rollcall::answer {

using Following = std::variant<std::monostate, std::unique_ptr<TransferStream>>;

struct [[nodiscard]] Response {
  std::size_t bytes = 0;
  Following following = {};

  // The transfer this message began; null: it was all, or there is none.
  [[nodiscard]] std::unique_ptr<TransferStream> take_transfer() {
    auto* stream = std::get_if<std::unique_ptr<TransferStream>>(&following);
    return stream == nullptr ? nullptr : std::move(*stream);
  }
};

}  // namespace rollcall::answer
