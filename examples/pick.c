/* Chooses an endpoint of a service, from C: example_pick NAME */
#include <stdio.h>

#include "rollcall/rollcall.h"

int main(int argc, char** argv) {
  char error[256];
  rollcall_endpoint endpoint;
  rollcall_resolver* resolver;
  rollcall_status status;
  if (argc != 2) {
    fprintf(stderr, "usage: example_pick NAME\n");
    return 2;
  }
  resolver = rollcall_resolver_new(NULL, error, sizeof error);
  if (resolver == NULL) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  status = rollcall_pick(resolver, argv[1], rollcall_weighted, NULL, &endpoint, error, sizeof error);
  if (status == rollcall_found) {
    printf("%s %u %s\n", endpoint.address, (unsigned)endpoint.port, endpoint.target);
  } else {
    fprintf(stderr, "%s\n", error);
  }
  rollcall_resolver_free(resolver);
  return status == rollcall_found ? 0 : 1;
}
