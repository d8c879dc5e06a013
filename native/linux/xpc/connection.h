// What clients, listeners and peers have in common: a name, a handler, and a life that begins inactive and ends with
// one last event. A connection belongs to the thread of its queue's loop; calls from elsewhere go through on_loop().
#pragma once

#include <xpc/xpc.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "object.h"
#include "queue.h"
#include "socket.h"

namespace xpc {

class Connection : public Object {
 public:
  enum class Kind { client, listener, peer };

  static Connection* from(xpc_connection_t connection);
  xpc_connection_t connection_handle() { return reinterpret_cast<xpc_connection_t>(static_cast<Object*>(this)); }

  Kind kind() const { return kind_; }
  // Any thread. Null for a peer.
  const char* name() const { return name_.empty() ? nullptr : name_.c_str(); }
  // Any thread.
  virtual Credentials credentials() const = 0;

  // While inactive; on the thread of the queue that it had before, if any.
  void set_queue(LoopQueue* queue);
  // Any thread: whether this is the loop's, or there is no queue yet.
  bool is_on_loop() const { return queue_ == nullptr || queue_->is_current(); }
  // The same; but on the loop's thread, calls that other threads made before are done first.
  bool enter_loop() const { return queue_ == nullptr || queue_->enter(); }
  // Any thread: has the loop's make the call, in order.
  template <typename Call>
  void post(Call call) {
    posted_.fetch_add(1, std::memory_order_relaxed);
    queue_->post([self = Ref<Connection>(this), call = std::move(call)]() mutable {
      call();
      self->posted_.fetch_sub(1, std::memory_order_release);
    });
  }

  // Takes effect at the next event; a running handler is kept until it returns.
  void set_event_handler(xpc_handler_t handler);
  void activate();
  void suspend();
  void resume();
  void cancel();

  // For the queue, on its loop. Runs the handlers that an earlier call of the API gave rise to.
  void run_deferred();
  // Sends what waits. Runs no handler.
  virtual void flush() {}
  // For the queue, on the thread that gathers: sends what that left there.
  virtual void flush_gathered() {}
  // The queue is closed: ends at once, and no handler runs any more.
  void abandon();

  xpc_type_t type() const final { return XPC_TYPE_CONNECTION; }
  Ref<Object> copy() final { return nullptr; }
  void describe(std::string& text) const final;

 protected:
  Connection(Kind kind, std::string name, LoopQueue* queue);
  ~Connection();

  // Activated, and not cancelled.
  virtual void start() = 0;
  // Cancelled or failed: lets go of everything outside this process. Called once, also when never started; may be
  // called from the API or a handler, so it calls no handler itself.
  virtual void stop() = 0;
  // Suspended or resumed.
  virtual void update_flow() = 0;
  // Runs the handlers that are due, all but the last event.
  virtual void run_due() {}
  // The queue is closed: drops handlers that have not run.
  virtual void forget_handlers() {}

  // Null when it is closed, or none was given yet.
  LoopQueue* queue() const { return queue_ != nullptr && !queue_->is_closed() ? queue_.get() : nullptr; }
  // Any thread: whether others than the loop's may come past it, see MessageConnection.
  bool has_own_thread() const { return queue_ != nullptr && queue_->has_own_thread(); }
  // Any thread, once there is one.
  LoopQueue& own_queue() const { return *queue_; }
  // Any thread: whether calls wait that were posted before.
  bool has_posted() const { return posted_.load(std::memory_order_acquire) != 0; }
  bool is_inactive() const { return phase_ == Phase::inactive; }
  // Active, and neither cancelled nor failed.
  bool is_running() const { return phase_ == Phase::active; }
  // Active and not suspended: events may be delivered, and messages sent.
  bool is_flowing() const { return is_running() && suspensions_ == 0; }
  unsigned suspensions() const { return suspensions_; }
  // Whether messages are still taken.
  bool is_usable() const { return !is_cancelled_ && (is_inactive() || is_running()); }

  // Runs a handler, when the queue is not suspended.
  void call(const xpc_handler_t& handler, xpc_object_t argument);
  // Runs the event handler.
  void deliver(xpc_object_t event);
  // Has run_due() run soon.
  void schedule();
  // The connection is dead: teardown, then the last event.
  void fail();

 private:
  enum class Phase {
    inactive,
    active,
    // Stopped; the last event is due.
    ending,
    ended,
  };

  void dispose() final;
  virtual void destroy() = 0;
  void finish();
  void end();

  const Kind kind_;
  const std::string name_;
  // Set while inactive, then the same for ever. Until the end the connection also keeps it at work.
  std::shared_ptr<LoopQueue> queue_;
  std::atomic<uint32_t> posted_ = 0;  // calls that were posted and have not been made

  // All that follows: on the loop's thread once there is a queue.
  std::shared_ptr<xpc_handler_t> handler_;  // shared with a running call; null when none, and once ended
  Phase phase_ = Phase::inactive;
  unsigned suspensions_ = 0;
  bool is_cancelled_ = false;
  bool is_scheduled_ = false;
  bool holds_queue_ = false;  // keeps queue_ at work
  Ref<Connection> self_;  // while active: the runtime keeps the connection until its last event
};

// Any thread. How a function of the API that changes a connection, or looks at more than its credentials, is made: the
// call runs at once on the thread of the connection's loop, and otherwise there, soon, after the calls before it.
template <typename Call>
void on_loop(Connection& connection, Call call) {
  if (connection.enter_loop()) {
    call();
  } else {
    connection.post(std::move(call));
  }
}

}  // namespace xpc
