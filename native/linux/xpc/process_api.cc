// The C functions about the process: how it says that it is busy, and that it is about to end. Transactions are only
// counted here: whoever decides whether the process goes on reads the count.
#include <xpc/loop.h>
#include <xpc/xpc.h>

#include <atomic>

#include "listener.h"
#include "misuse.h"

namespace {

constinit std::atomic<uint32_t> open_transactions{0};

void announce_termination(const xpc::LoopQueue& loop) {
  for (xpc::Connection* connection : loop.connections()) {
    if (connection->kind() != xpc::Connection::Kind::listener) continue;
    static_cast<xpc::Listener*>(connection)->announce_termination();
  }
}

}  // namespace

extern "C" {

void xpc_transaction_begin(void) { open_transactions.fetch_add(1, std::memory_order_relaxed); }

void xpc_transaction_end(void) {
  if (open_transactions.fetch_sub(1, std::memory_order_relaxed) > 0) return;
  xpc::misuse("end of a transaction that never began");
}

void xpc_loop_queue_announce_termination(dispatch_queue_t queue) {
  xpc::LoopQueue* const loop = xpc::LoopQueue::from(queue);
  if (loop->enter()) {
    announce_termination(*loop);
  } else {
    loop->post([loop]() { announce_termination(*loop); });
  }
}

uint32_t xpc_loop_transaction_count(void) { return open_transactions.load(std::memory_order_relaxed); }

}  // extern "C"
