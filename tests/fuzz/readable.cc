#include "fuzz/readable.h"

#include <ldns/ldns.h>

namespace rollcall::fuzz {

bool is_readable_by_ldns(Bytes message) {
  ldns_pkt* packet = nullptr;
  const ldns_status status = ldns_wire2pkt(&packet, message.data(), message.size());
  ldns_pkt_free(packet);
  return status == LDNS_STATUS_OK;
}

}  // namespace rollcall::fuzz
