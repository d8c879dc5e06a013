// The C functions about who may be at the other end of a connection, and who is.
#include <xpc/loop.h>
#include <xpc/xpc.h>

#include "client.h"
#include "listener.h"
#include "misuse.h"

using namespace xpc;

extern "C" {

void xpc_connection_set_peer_policy(xpc_connection_t connection, const xpc_peer_policy_s* policy) {
  Connection* base = Connection::from(connection);
  if (policy == nullptr) misuse("NULL policy");
  switch (base->kind()) {
    case Connection::Kind::client:
      static_cast<Client*>(base)->set_policy(*policy);
      return;
    case Connection::Kind::listener:
      static_cast<Listener*>(base)->set_policy(*policy);
      return;
    case Connection::Kind::peer:
      misuse("a peer was admitted by its listener");
  }
}

void xpc_connection_set_refused_handler(xpc_connection_t listener, xpc_refused_handler_t refused, void* context) {
  Connection* base = Connection::from(listener);
  if (base->kind() != Connection::Kind::listener) misuse("not a listener");
  static_cast<Listener*>(base)->set_refused_handler(refused, context);
}

pid_t xpc_connection_get_asid(xpc_connection_t connection) {
  Connection::from(connection);
  return -1;  // Linux has no audit sessions in Apple's sense
}

}  // extern "C"
