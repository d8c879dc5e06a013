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
  if (is_announcement_due_) schedule();
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

void Peer::announce_termination() {
  if (std::exchange(is_announced_, true)) return;
  is_announcement_due_ = true;
  if (is_running()) schedule();
}

void Peer::run_due() {
  MessageConnection::run_due();
  if (!is_announcement_due_ || !is_running()) return;
  is_announcement_due_ = false;
  deliver(XPC_ERROR_TERMINATION_IMMINENT);
}

void Peer::lose_listener() {
  listener_ = nullptr;
  cancel();
}

void Peer::leave_listener() {
  if (Listener* listener = std::exchange(listener_, nullptr)) listener->forget(*this);
}

}  // namespace xpc
