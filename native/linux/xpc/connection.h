// What clients, listeners and peers have in common: a name, a handler, and a life that begins inactive and ends with
// one last event.
#pragma once

#include <xpc/xpc.h>

#include <memory>
#include <string>

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
  // Null for a peer.
  const char* name() const { return name_.empty() ? nullptr : name_.c_str(); }
  virtual Credentials credentials() const = 0;

  void set_queue(LoopQueue* queue);
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

  LoopQueue* queue() const { return queue_; }
  // Aborts when called on another thread than the loop's; false when the queue is closed, or none was given yet.
  bool is_on_loop() const;
  bool is_inactive() const { return phase_ == Phase::inactive; }
  // Active, and neither cancelled nor failed.
  bool is_running() const { return phase_ == Phase::active; }
  // Active and not suspended: events may be delivered, and messages sent.
  bool is_flowing() const { return is_running() && suspensions_ == 0; }
  unsigned suspensions() const { return suspensions_; }
  // Whether messages are still taken.
  bool is_usable() const { return !is_cancelled_ && (is_inactive() || is_running()); }

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

  // All on the loop's thread once active.
  const Kind kind_;
  const std::string name_;
  LoopQueue* queue_;                        // borrowed: null before it is set, and once it is closed
  std::shared_ptr<xpc_handler_t> handler_;  // shared with a running call; null when none, and once ended
  Phase phase_ = Phase::inactive;
  unsigned suspensions_ = 0;
  bool is_cancelled_ = false;
  bool is_scheduled_ = false;
  Ref<Connection> self_;  // while active: the runtime keeps the connection until its last event
};

}  // namespace xpc
