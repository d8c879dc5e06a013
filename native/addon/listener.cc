#include "listener.h"

#include "connection.h"
#include "platform.h"
#include "port.h"

namespace launchport {
namespace {

// A peer arrives inactive and must not be released so: it is cancelled, with a handler that does nothing.
void turn_away(xpc_connection_t peer) {
  xpc_connection_set_event_handler(peer, [](xpc_object_t) {});
  xpc_connection_cancel(peer);
  xpc_connection_activate(peer);
}

}  // namespace

void Listener::receive(xpc_object_t object) {
  if (xpc_get_type(object) != XPC_TYPE_CONNECTION) return;
  const auto peer = static_cast<xpc_connection_t>(object);
  const Credentials credentials = credentials_of(peer);
  // Of a peer that is not known yet the sender of each message is checked, as of every other.
  const bool is_known = credentials.euid != UINT32_MAX;
  if (is_known && !platform::is_peer_allowed(peer, is_any_user_allowed_)) {
    turn_away(peer);
    refused(credentials);
    return;
  }
  xpc_connection_set_target_queue(peer, port().queue());
  const auto role = is_any_user_allowed_ ? Connection::Role::peer_of_any_user : Connection::Role::peer;
  const auto connection = std::make_shared<Connection>(port().shared_from_this(), ConnectionRef::retain(peer), role);
  const uint32_t peer_handle = connection->open();
  if (peer_handle == 0) return;
  // Reported before it is active, so before any message of its own.
  port().report_peer(Inbound::peer, handle(), peer_handle, credentials);
  connection->activate();
}

void Listener::refused(const Credentials& credentials) {
  if (port().is_closed()) return;
  port().count_refused();
  port().report_peer(Inbound::peer_refused, handle(), 0, credentials);
}

}  // namespace launchport
