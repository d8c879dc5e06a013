// The C functions about endpoints.
#include <xpc/xpc.h>

#include "client.h"
#include "endpoint.h"
#include "listener.h"
#include "misuse.h"

using namespace xpc;

extern "C" {

xpc_endpoint_t xpc_endpoint_create(xpc_connection_t connection) {
  Connection* base = Connection::from(connection);
  if (base->kind() != Connection::Kind::listener) misuse("an endpoint is made of a listener");
  return static_cast<Listener*>(base)->make_endpoint().leak()->endpoint_handle();
}

xpc_connection_t xpc_connection_create_from_endpoint(xpc_endpoint_t endpoint) {
  return (new Client(Ref<Endpoint>(Endpoint::from(endpoint))))->connection_handle();
}

}  // extern "C"
