#include "listener.h"

#include <optional>

#include "connection.h"
#include "platform.h"
#include "port.h"

namespace launchport {

void Listener::receive(xpc_object_t object) {
  if (xpc_get_type(object) != XPC_TYPE_CONNECTION) return;
  const auto peer = static_cast<xpc_connection_t>(object);
  const Credentials credentials = credentials_of(peer);
  // Of a peer that is not known yet the sender of each message is checked, as of every other.
  if (credentials.euid != UINT32_MAX) {
    const std::optional<Refusal> refusal =
        refusal_of(*requirement_, Role::listener, credentials.euid, credentials.egid);
    if (refusal.has_value()) {
      discard(peer);
      refused(*refusal, credentials);
      return;
    }
  }
  xpc_connection_set_target_queue(peer, port().queue());
  const auto connection = std::make_shared<Connection>(port().shared_from_this(), ConnectionRef::retain(peer),
                                                       Role::listener, requirement_);
  const uint32_t peer_handle = connection->open();
  if (peer_handle == 0) return;
  // Reported before it is active, so before any message of its own.
  port().report_peer(Inbound::peer, handle(), peer_handle, credentials);
  connection->activate();
}

// Nothing else is known of the peer: it was not even introduced.
void Listener::requirement_failed(xpc_object_t) { refused(Refusal::code, {}); }

void Listener::refused(Refusal refusal, const Credentials& credentials) {
  if (port().is_closed()) return;
  port().count_refused();
  port().report_peer(Inbound::peer_refused, handle(), static_cast<uint32_t>(refusal), credentials);
}

}  // namespace launchport
