// What connections and listeners have in common: a handle, a lifecycle, and one final event.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "handle.h"
#include "records.h"

namespace launchport {

class Connection;
class Port;

// The rules of libxpc's lifecycle are kept here: handler before activation, activation even when cancelled before,
// no call after release. The handler's block owns the channel until XPC frees it after the final event.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(std::shared_ptr<Port> port, ConnectionRef connection);
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Null for a listener.
  virtual Connection* as_connection() { return nullptr; }

  // Once, before anything else: installs the event handler and gets a handle from the port. The handle; 0 when the
  // port has too many channels or is closed: the channel is then cancelled and reports nothing.
  uint32_t open();
  // JavaScript thread, and for a new peer its listener's handler. Idempotent.
  void activate();
  // Any thread. Idempotent.
  void cancel();
  // JavaScript thread. No more after `cancel`, which undoes what is left.
  void suspend();
  // JavaScript thread. False when there is no `suspend` to undo.
  bool resume();

  // JavaScript thread, of a listener: a new endpoint, which leads nowhere once it is cancelled. Empty when the system
  // makes none.
  Object make_endpoint();

  uint32_t handle() const { return handle_; }
  xpc_connection_t get() const { return connection_.get(); }

 protected:
  // Handlers' queue: a message, a peer, or an error of its own kind.
  virtual void receive(xpc_object_t object) = 0;
  // Handlers' queue: XPC dropped something of a peer that does not meet the code signing requirement.
  virtual void requirement_failed(xpc_object_t error) = 0;

  // Any thread: holds back the final event until `end_request`. False when it is too late.
  bool begin_request();
  void end_request();

  Port& port() const { return *port_; }

  std::mutex mutex_;  // guards what says so here and in subclasses; the inbox's may be taken under it, no other

 private:
  void handle_event(xpc_object_t event);
  void handle_error(xpc_object_t error);
  void finish_when_idle();

  const std::shared_ptr<Port> port_;
  const ConnectionRef connection_;
  uint32_t handle_ = 0;        // set once, before there is a second thread
  size_t requests_ = 0;        // mutex_: sent and neither answered nor failed
  std::string reason_;         // mutex_: why it is invalid
  bool is_activated_ = false;  // mutex_
  bool is_cancelled_ = false;  // mutex_
  size_t suspensions_ = 0;     // mutex_: resumes that XPC is owed; it aborts for one more, and when released with less
  bool is_invalid_ = false;    // mutex_: the final event is due
  bool is_finished_ = false;   // mutex_: the final event was reported
};

// Lets go of a connection that was never activated, which XPC would not have released so.
void discard(xpc_connection_t connection);

// The text that XPC gives with an error.
std::string_view description_of(xpc_object_t error);

}  // namespace launchport
