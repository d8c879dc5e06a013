#include "peer.h"

#include <utility>

namespace xpc {

Peer::Peer(LoopQueue& queue, Listener& listener, Socket socket, const Credentials& credentials)
    : MessageConnection(Kind::peer, {}, &queue),
      listener_(&listener),
      socket_(std::move(socket)),
      credentials_(credentials) {}

Peer::~Peer() { leave_listener(); }

void Peer::start() {
  if (!open_channel(std::move(socket_), wire::Kind::service_hello, wire::Kind::client_hello)) fail();
}

void Peer::stop() {
  leave_listener();
  MessageConnection::stop();
  socket_ = Socket();
}

void Peer::did_disconnect() {
  fail_pending(XPC_ERROR_CONNECTION_INTERRUPTED);
  fail();
}

void Peer::lose_listener() {
  listener_ = nullptr;
  cancel();
}

void Peer::leave_listener() {
  if (Listener* listener = std::exchange(listener_, nullptr)) listener->forget(*this);
}

}  // namespace xpc
