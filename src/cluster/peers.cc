#include "cluster/peers.h"

#include <utility>

namespace rollcall::cluster {

std::string_view to_text(PeerRefusal refusal) {
  switch (refusal) {
    case PeerRefusal::malformed: return "malformed";
    case PeerRefusal::too_large: return "too_large";
    case PeerRefusal::version: return "version";
    case PeerRefusal::cluster: return "cluster";
    case PeerRefusal::name: return "name";
    case PeerRefusal::unauthentic: return "unauthentic";
    case PeerRefusal::sequence: return "sequence";
    case PeerRefusal::late: return "late";
    case PeerRefusal::crowded: return "crowded";
  }
  std::unreachable();
}

}  // namespace rollcall::cluster
