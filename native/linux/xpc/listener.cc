#include "listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "endpoint.h"
#include "misuse.h"
#include "peer.h"

namespace xpc {
namespace {

// Clients accepted per event, so that those already here get their turn.
constexpr int kAcceptBatch = 16;
constexpr uint64_t kRestMilliseconds = 20;

bool is_listening(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) != 0 || value == 0) return false;
  length = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &length) != 0 || value != SOCK_SEQPACKET) return false;
  length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &value, &length) == 0 && value == AF_UNIX;
}

}  // namespace

void Listener::set_socket(int descriptor) {
  if (!is_inactive() || own_) misuse("the listening socket is set once, before activation");
  own_ = Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  descriptor_ = own_.get();
  if (!own_) misuse("the listening socket is not an open descriptor");
}

void Listener::set_policy(const xpc_peer_policy_s& policy) {
  if (!is_inactive()) misuse("the policy is set before activation");
  policy_.set(policy);
}

void Listener::set_refused_handler(xpc_refused_handler_t refused, void* context) {
  if (!is_inactive()) misuse("the handler is set before activation");
  refused_ = refused;
  refused_context_ = context;
}

Credentials Listener::credentials() const { return {getpid(), geteuid(), getegid()}; }

void Listener::start() {
  // Those who come by an endpoint are served as long as those who come by the name are.
  if (name() != nullptr && !check_in()) {
    fail();
    return;
  }
  for (const Ref<Rendezvous>& rendezvous : rendezvous_) {
    if (rendezvous->open(*queue())) continue;
    fail();
    return;
  }
  update_flow();
}

bool Listener::check_in() {
  if (!own_) {
    lease_ = InheritedListener::take(name());
    descriptor_ = lease_.descriptor();
  }
  if (descriptor_ < 0 || !is_listening(descriptor_)) return false;
  // Listening again makes clients, and the supervisor, see this process as the one behind the socket.
  if (fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK) != 0) return false;
  if (listen(descriptor_, SOMAXCONN) != 0) return false;
  poll_ = LoopHandle<uv_poll_t>::open(
      *queue(), this, [&](uv_poll_t* poll) { return uv_poll_init(queue()->loop(), poll, descriptor_); });
  return static_cast<bool>(poll_);
}

void Listener::update_flow() {
  for (const Ref<Rendezvous>& rendezvous : rendezvous_) rendezvous->set_accepting(is_flowing());
  if (!poll_) return;
  if (!is_flowing() || rest_) {
    uv_poll_stop(poll_.get());
    return;
  }
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    const Ref<Listener> listener(static_cast<Listener*>(poll->data));
    const Burst burst(*listener->queue());
    listener->accept_some();
  });
}

void Listener::accept_some() {
  for (int count = 0; count < kAcceptBatch && is_flowing(); ++count) {
    if (!accept_one()) return;
  }
}

bool Listener::accept_one() {
  Socket socket(Descriptor(accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
  if (!socket) {
    switch (errno) {
      case EINTR:
      case ECONNABORTED:
        return true;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        rest();
        return false;
      case EAGAIN:
        // Another process with this socket was faster, or the client is gone.
        return false;
      default:
        fail();
        return false;
    }
  }
  const Credentials credentials = socket.peer();
  admit(std::move(socket), credentials);
  return true;
}

void Listener::admit(Socket socket, const Credentials& credentials) {
  Descriptor process;
  const bool is_known = !policy_.needs_process() || socket.peer_process(process);
  const std::optional<xpc_peer_refusal_t> refusal =
      is_known ? policy_.refusal(credentials, process) : XPC_PEER_REFUSED_EXECUTABLE;
  if (!refusal) {
    introduce(std::move(socket), credentials);
  } else if (refused_ != nullptr) {
    queue()->begin_handler();
    refused_(refused_context_, *refusal, credentials.pid, credentials.uid, credentials.gid);
  }
}

void Listener::introduce(Socket socket, const Credentials& credentials) {
  const Ref<Peer> peer = Ref<Peer>::adopt(new Peer(*queue(), *this, std::move(socket), credentials));
  peers_.insert(peer.get());
  deliver(peer->handle());
  // Nobody kept it: it ends here, or its last release would be misuse that its listener's owner never committed.
  if (!peer->is_unique()) return;
  peer->cancel();
  peer->activate();
}

Ref<Endpoint> Listener::make_endpoint() {
  Socket ours;
  Socket theirs;
  // One that cannot be had is one that nobody listens to: connecting fails, as it must be able to anyway.
  if (Socket::pair(ours, theirs) == 0) {
    ours.set_identifying(true);
    on_loop(*this, [this, socket = std::move(ours)]() mutable { watch(std::move(socket)); });
  }
  return Endpoint::make(std::move(theirs));
}

void Listener::watch(Socket socket) {
  if (!is_usable()) return;
  const Ref<Rendezvous> rendezvous = Ref<Rendezvous>::adopt(new Rendezvous(*this, std::move(socket)));
  if (is_running()) {
    if (!rendezvous->open(*queue())) return;
    rendezvous->set_accepting(is_flowing());
  }
  rendezvous_.push_back(rendezvous);
}

void Listener::forget(Rendezvous& rendezvous) {
  rendezvous.close();
  std::erase_if(rendezvous_, [&](const Ref<Rendezvous>& known) { return known.get() == &rendezvous; });
}

void Listener::announce_termination() {
  for (Peer* peer : peers_) peer->announce_termination();
}

// No descriptor is left. The client waits in the backlog, which stays readable: polling on would spin.
void Listener::rest() {
  rest_ = LoopHandle<uv_timer_t>::open(*queue(), this,
                                       [&](uv_timer_t* timer) { return uv_timer_init(queue()->loop(), timer); });
  uv_timer_start(
      rest_.get(),
      [](uv_timer_t* timer) {
        auto* listener = static_cast<Listener*>(timer->data);
        listener->rest_.close();
        listener->update_flow();
      },
      kRestMilliseconds, 0);
  update_flow();
}

void Listener::stop() {
  rest_.close();
  poll_.close();
  // The socket is shared with the supervisor: closed here, never shut down. An inherited one can be taken again.
  own_ = Descriptor();
  lease_ = InheritedListener();
  descriptor_ = -1;
  for (const Ref<Rendezvous>& rendezvous : std::exchange(rendezvous_, {})) rendezvous->close();
  for (Peer* peer : std::exchange(peers_, {})) peer->lose_listener();
}

}  // namespace xpc
