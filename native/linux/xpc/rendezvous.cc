#include "rendezvous.h"

#include <cstring>
#include <utility>

#include "listener.h"
#include "wire.h"

namespace xpc {
namespace {

// Packets read per event, so that everybody else gets their turn.
constexpr int kBatch = 16;
// After nonsense, or when descriptors have run out. Others who hold the endpoint wait as long.
constexpr uint64_t kRestMilliseconds = 20;

bool is_knock(const Socket::Received& received, const wire::Knock& knock) {
  const wire::Knock expected;
  return received.length == sizeof knock && std::memcmp(&knock, &expected, sizeof knock) == 0 &&
         received.rights.size() == 1;
}

}  // namespace

Rendezvous::Rendezvous(Listener& listener, Socket socket) : listener_(listener), socket_(std::move(socket)) {}

void Rendezvous::release() {
  if (--references_ == 0) delete this;
}

bool Rendezvous::open(LoopQueue& queue) {
  queue_ = &queue;
  poll_ = LoopHandle<uv_poll_t>::open(
      queue, this, [&](uv_poll_t* poll) { return uv_poll_init(queue.loop(), poll, socket_.descriptor()); });
  return static_cast<bool>(poll_);
}

void Rendezvous::set_accepting(bool is_accepting) {
  is_accepting_ = is_accepting;
  update_poll();
}

void Rendezvous::update_poll() {
  if (!poll_) return;
  if (!is_accepting_ || rest_) {
    uv_poll_stop(poll_.get());
    return;
  }
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    const Ref<Rendezvous> alive(static_cast<Rendezvous*>(poll->data));
    const Ref<Listener> listener(&alive->listener_);
    const Burst burst(*alive->queue_);
    alive->accept_some();
  });
}

void Rendezvous::accept_some() {
  for (int count = 0; count < kBatch && poll_ && is_accepting_ && !rest_; ++count) {
    if (!accept_one()) return;
  }
}

bool Rendezvous::accept_one() {
  // Without a free descriptor the kernel would throw away the one that comes, and with it the client.
  if (!Descriptor::duplicate(socket_.descriptor())) {
    rest();
    return false;
  }
  wire::Knock knock;
  iovec part{&knock, sizeof knock};
  Socket::Received received = socket_.receive({&part, 1});
  // A packet names its sender, the end does not: so an empty packet is not taken for it.
  if (received.status != Socket::Status::done && !received.sender) {
    if (received.status == Socket::Status::again) return false;
    if (received.status == Socket::Status::reset) return true;
    listener_.forget(*this);  // nobody holds the endpoint any more
    return false;
  }
  if (!is_knock(received, knock)) {
    rest();
    return false;
  }
  Socket visitor(std::move(received.rights.front()));
  const Credentials credentials = visitor.is_connected_packet_socket() ? visitor.peer() : Credentials();
  // The pair must be the sender's own: one that it was given would lend it another's name.
  if (credentials != *received.sender) {
    rest();
    return false;
  }
  listener_.admit(std::move(visitor), credentials);
  return true;
}

void Rendezvous::rest() {
  rest_ = LoopHandle<uv_timer_t>::open(*queue_, this,
                                       [&](uv_timer_t* timer) { return uv_timer_init(queue_->loop(), timer); });
  uv_timer_start(
      rest_.get(),
      [](uv_timer_t* timer) {
        auto* rendezvous = static_cast<Rendezvous*>(timer->data);
        rendezvous->rest_.close();
        rendezvous->update_poll();
      },
      kRestMilliseconds, 0);
  update_poll();
}

void Rendezvous::close() {
  rest_.close();
  poll_.close();
  socket_ = Socket();
}

}  // namespace xpc
