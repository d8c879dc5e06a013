#include "queue.h"

#include <utility>

#include "connection.h"
#include "loop_handle.h"
#include "misuse.h"
#include "trim_timer.h"

namespace xpc {

dispatch_queue_t LoopQueue::create(uv_loop_t* loop, Thread thread) {
  const auto queue = std::make_shared<LoopQueue>(loop, thread);
  queue->self_ = queue;
  return queue->handle();
}

LoopQueue::LoopQueue(uv_loop_t* loop, Thread thread)
    : loop_(loop),
      thread_(std::this_thread::get_id()),
      ownership_(thread),
      receive_buffer_(std::make_unique<std::array<uint8_t, wire::kPacketBytes>>()) {
  check_ = std::make_unique<LoopHandle<uv_check_t>>(
      LoopHandle<uv_check_t>::open(*this, this, [&](uv_check_t* check) { return uv_check_init(loop, check); }));
  idle_ = std::make_unique<LoopHandle<uv_idle_t>>(
      LoopHandle<uv_idle_t>::open(*this, this, [&](uv_idle_t* idle) { return uv_idle_init(loop, idle); }));
  async_ = std::make_unique<LoopHandle<uv_async_t>>(
      LoopHandle<uv_async_t>::open(*this, this, [&](uv_async_t* async) {
        return uv_async_init(loop, async,
                             [](uv_async_t* fired) { static_cast<LoopQueue*>(fired->data)->run_remote_calls(); });
      }));
  uv_check_start(check_->get(), [](uv_check_t* check) { static_cast<LoopQueue*>(check->data)->run_deferred(); });
  remote_calls_.open(async_->get());
  // An owned loop runs until the queue closes.
  if (thread == Thread::owned) uv_ref(reinterpret_cast<uv_handle_t*>(async_->get()));
}

LoopQueue::~LoopQueue() = default;

// --- From any thread.

void LoopQueue::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (ownership_ == Thread::shared && !is_closed()) misuse("a loop queue must be closed before its last reference goes");
  if (suspensions_.load(std::memory_order_relaxed) != 0) misuse("release of a suspended queue");
  if (ownership_ == Thread::owned) remote_calls_.wake();
  end_of_one_life();
}

void LoopQueue::end_of_one_life() {
  if (lives_.fetch_sub(1, std::memory_order_acq_rel) == 1) std::exchange(self_, nullptr).reset();
}

void LoopQueue::suspend() {
  if (ownership_ == Thread::shared) misuse("the queue of a loop cannot be suspended");
  const std::lock_guard lock(suspension_mutex_);
  suspensions_.fetch_add(1, std::memory_order_relaxed);
}

void LoopQueue::resume() {
  const std::lock_guard lock(suspension_mutex_);
  if (suspensions_.load(std::memory_order_relaxed) == 0) misuse("over-resume of a queue");
  if (suspensions_.fetch_sub(1, std::memory_order_relaxed) == 1) resumed_.notify_all();
}

void LoopQueue::finalize() {
  if (finalizer_ != nullptr && context_ != nullptr) finalizer_(context_);
}

void LoopQueue::wait_for_resume() {
  std::unique_lock lock(suspension_mutex_);
  resumed_.wait(lock, [this]() { return suspensions_.load(std::memory_order_relaxed) == 0; });
}

void LoopQueue::async(dispatch_function_t work, void* context) {
  if (enter()) {
    defer({work, context});
  } else {
    post([this, work, context]() { defer({work, context}); });
  }
}

void LoopQueue::gather(Connection& connection) { gathered_.emplace_back(&connection); }

void LoopQueue::flush_gathered() {
  for (const Ref<Connection>& connection : gathered_) connection->flush_gathered();
  gathered_.clear();
}

// --- On the loop's thread.

void LoopQueue::assert_on_loop() const {
  if (!is_current()) misuse("not on the thread of the connection's loop");
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
  if (is_closed()) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(check_->get());
  is_active ? uv_ref(handle) : uv_unref(handle);
}

void LoopQueue::wake() {
  if (is_awake_ || is_closed()) return;
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

void LoopQueue::defer(const Work& work) {
  if (is_closed()) return;
  work_.push_back(work);
  wake();
}

void LoopQueue::run_remote_calls() {
  {
    const Burst burst(*this);
    remote_calls_.run();
  }
  end_if_unused();
}

void LoopQueue::run_deferred() {
  if (!is_awake_) return;
  run_round();
  end_if_unused();
}

void LoopQueue::run_round() {
  const Burst burst(*this);
  // What the handlers add is for the next round: they cannot keep the loop from polling.
  std::vector<Ref<Connection>> scheduled = std::exchange(scheduled_, {});
  for (const Ref<Connection>& connection : scheduled) connection->run_deferred();
  for (const Work& work : std::exchange(work_, {})) {
    if (is_closed()) break;
    begin_handler();
    work.function(work.context);
  }
}

void LoopQueue::end_burst() {
  // The handler is JavaScript's turn: what it sends belongs to the burst and leaves with it.
  if (burst_depth_ == 1 && burst_handler_ != nullptr && !is_closed()) burst_handler_(burst_context_);
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
  if (is_closed()) return;
  is_closed_.store(true, std::memory_order_relaxed);
  is_awake_ = false;
  // Abandoning one connection can end others.
  std::vector<Ref<Connection>> abandoned;
  for (Connection* connection : connections_) abandoned.emplace_back(connection);
  connections_.clear();
  for (const Ref<Connection>& connection : abandoned) connection->abandon();
  scheduled_.clear();
  dirty_.clear();
  work_.clear();
  remote_calls_.close();
  close_handles();
}

// The connections of an owned queue refer to it, so there is none left.
void LoopQueue::end_if_unused() {
  if (ownership_ == Thread::shared || is_closed() || is_awake_) return;
  if (references_.load(std::memory_order_acquire) != 0 || !remote_calls_.close_if_empty()) return;
  is_closed_.store(true, std::memory_order_relaxed);
  close_handles();
}

void LoopQueue::close_handles() {
  check_->close();
  idle_->close();
  async_->close();
  if (trim_timer_) trim_timer_->close();
}

void LoopQueue::note_large_packet() {
  if (is_closed()) return;
  if (!trim_timer_) trim_timer_ = std::make_unique<TrimTimer>();
  trim_timer_->start(*this);
}

void LoopQueue::handle_closed() {
  --open_handles_;
  if (!is_closed() || open_handles_ > 0) return;
  if (closed_handler_ != nullptr) closed_handler_(closed_context_);
  end_of_one_life();
}

}  // namespace xpc

using xpc::LoopQueue;

extern "C" {

dispatch_queue_t xpc_loop_queue_create(uv_loop_t* loop) {
  return LoopQueue::create(loop, LoopQueue::Thread::shared);
}

void xpc_loop_queue_set_burst_handler(dispatch_queue_t queue, void (*handler)(void*), void* context) {
  LoopQueue::from(queue)->set_burst_handler(handler, context);
}

void xpc_loop_queue_set_active(dispatch_queue_t queue, bool is_active) {
  LoopQueue::from(queue)->set_active(is_active);
}

void xpc_loop_queue_gather(dispatch_queue_t queue) { LoopQueue::from(queue)->start_gathering(); }

void xpc_loop_queue_flush(dispatch_queue_t queue) {
  LoopQueue* const target = LoopQueue::from(queue);
  if (target->is_gathering()) {
    target->flush_gathered();
  } else {
    target->assert_on_loop();
    target->flush();
  }
}

void xpc_loop_queue_set_closed_handler(dispatch_queue_t queue, void (*handler)(void*), void* context) {
  LoopQueue::from(queue)->set_closed_handler(handler, context);
}

void xpc_loop_queue_close(dispatch_queue_t queue) {
  LoopQueue::from(queue)->assert_on_loop();
  LoopQueue::from(queue)->close();
  LoopQueue::from(queue)->release();
}

}  // extern "C"
