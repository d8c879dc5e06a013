#include "queue.h"

#include <utility>

#include "connection.h"
#include "loop_handle.h"
#include "misuse.h"

namespace xpc {

LoopQueue::LoopQueue(uv_loop_t* loop)
    : loop_(loop),
      thread_(std::this_thread::get_id()),
      receive_buffer_(std::make_unique<std::array<uint8_t, wire::kPacketBytes>>()) {
  check_ = std::make_unique<LoopHandle<uv_check_t>>(
      LoopHandle<uv_check_t>::open(*this, this, [&](uv_check_t* check) { return uv_check_init(loop, check); }));
  idle_ = std::make_unique<LoopHandle<uv_idle_t>>(
      LoopHandle<uv_idle_t>::open(*this, this, [&](uv_idle_t* idle) { return uv_idle_init(loop, idle); }));
  uv_check_start(check_->get(), [](uv_check_t* check) { static_cast<LoopQueue*>(check->data)->run_deferred(); });
}

LoopQueue::~LoopQueue() = default;

void LoopQueue::retain() { references_.fetch_add(1, std::memory_order_relaxed); }

void LoopQueue::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (!is_closed_) misuse("a loop queue must be closed before its last reference goes");
  if (open_handles_ == 0) delete this;
}

void LoopQueue::assert_on_loop() const {
  if (std::this_thread::get_id() != thread_) misuse("not on the thread of the connection's loop");
}

void LoopQueue::set_burst_handler(void (*handler)(void*), void* context) {
  burst_handler_ = handler;
  burst_context_ = context;
}

void LoopQueue::set_closed_handler(void (*handler)(void*), void* context) {
  closed_handler_ = handler;
  closed_context_ = context;
}

void LoopQueue::set_active(bool is_active) {
  if (is_closed_) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(check_->get());
  is_active ? uv_ref(handle) : uv_unref(handle);
}

void LoopQueue::add(Connection& connection) { connections_.insert(&connection); }

void LoopQueue::remove(Connection& connection) { connections_.erase(&connection); }

void LoopQueue::wake() {
  if (is_awake_ || is_closed_) return;
  is_awake_ = true;
  uv_idle_start(idle_->get(), [](uv_idle_t*) {});
}

void LoopQueue::schedule(Connection& connection) {
  scheduled_.emplace_back(&connection);
  wake();
}

void LoopQueue::mark_dirty(Connection& connection) {
  dirty_.emplace_back(&connection);
  if (burst_depth_ == 0) wake();
}

void LoopQueue::defer(dispatch_function_t work, void* context) {
  if (is_closed_) return;
  work_.push_back({work, context});
  wake();
}

void LoopQueue::run_deferred() {
  if (!is_awake_) return;
  const Burst burst(*this);
  // What the handlers add is for the next round: they cannot keep the loop from polling.
  std::vector<Ref<Connection>> scheduled = std::exchange(scheduled_, {});
  for (const Ref<Connection>& connection : scheduled) connection->run_deferred();
  for (const Work& work : std::exchange(work_, {})) {
    if (!is_closed_) work.function(work.context);
  }
}

void LoopQueue::end_burst() {
  // The handler is JavaScript's turn: what it sends belongs to the burst and leaves with it.
  if (burst_depth_ == 1 && burst_handler_ != nullptr && !is_closed_) burst_handler_(burst_context_);
  flush();
  --burst_depth_;
}

void LoopQueue::flush() {
  flushing_.swap(dirty_);
  for (const Ref<Connection>& connection : flushing_) connection->flush();
  flushing_.clear();
  if (is_awake_ && scheduled_.empty() && work_.empty()) {
    is_awake_ = false;
    uv_idle_stop(idle_->get());
  }
}

void LoopQueue::close() {
  if (is_closed_) return;
  is_closed_ = true;
  is_awake_ = false;
  // Abandoning one connection can end others.
  std::vector<Ref<Connection>> abandoned;
  for (Connection* connection : connections_) abandoned.emplace_back(connection);
  connections_.clear();
  for (const Ref<Connection>& connection : abandoned) connection->abandon();
  scheduled_.clear();
  dirty_.clear();
  work_.clear();
  check_->close();
  idle_->close();
}

void LoopQueue::handle_closed() {
  --open_handles_;
  if (is_closed_ && open_handles_ == 0) finish_closing();
}

void LoopQueue::finish_closing() {
  if (closed_handler_ != nullptr) closed_handler_(closed_context_);
  if (references_.load(std::memory_order_acquire) == 0) delete this;
}

}  // namespace xpc

using xpc::LoopQueue;

extern "C" {

dispatch_queue_t xpc_loop_queue_create(uv_loop_t* loop) { return (new LoopQueue(loop))->handle(); }

void xpc_loop_queue_set_burst_handler(dispatch_queue_t queue, void (*handler)(void*), void* context) {
  LoopQueue::from(queue)->set_burst_handler(handler, context);
}

void xpc_loop_queue_set_active(dispatch_queue_t queue, bool is_active) {
  LoopQueue::from(queue)->set_active(is_active);
}

void xpc_loop_queue_flush(dispatch_queue_t queue) {
  LoopQueue::from(queue)->assert_on_loop();
  LoopQueue::from(queue)->flush();
}

void xpc_loop_queue_set_closed_handler(dispatch_queue_t queue, void (*handler)(void*), void* context) {
  LoopQueue::from(queue)->set_closed_handler(handler, context);
}

void xpc_loop_queue_close(dispatch_queue_t queue) {
  LoopQueue::from(queue)->assert_on_loop();
  LoopQueue::from(queue)->close();
  LoopQueue::from(queue)->release();
}

void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work) {
  LoopQueue::from(queue)->assert_on_loop();
  LoopQueue::from(queue)->defer(work, context);
}

void dispatch_retain(dispatch_queue_t queue) { LoopQueue::from(queue)->retain(); }

void dispatch_release(dispatch_queue_t queue) { LoopQueue::from(queue)->release(); }

}  // extern "C"
