// The seam: everything that differs between macOS and Linux. Implemented once in native/darwin/platform.cc and once
// in native/linux/platform.cc; no other file of the addon knows the system it runs on.
#pragma once

#include <node_api.h>
#include <xpc/xpc.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "handle.h"
#include "records.h"

namespace launchport {
class Environment;
}

namespace launchport::platform {

// As `Binding.platform` reports it.
extern const char* const kName;

// The dispatch queue that a port's handlers run on, and the way from there to the JavaScript thread.
// Linux: handlers run on the JavaScript thread, straight from the loop's poll phase. macOS: on a private serial queue.
class Queue {
 public:
  // Called on the JavaScript thread, outside any JavaScript, once per burst of handlers or wake-ups.
  using Drain = void (*)(void* context);

  // JavaScript thread.
  Queue(napi_env env, Drain drain, void* context);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  dispatch_queue_t get() const;
  // Called by a handler that left something for the JavaScript thread.
  void notify_from_handler();
  // Called on the JavaScript thread for something to be drained at a later turn of the loop.
  void notify_from_js();
  // JavaScript thread: what was handed to the queue's connections may go out now, in one go.
  void flush();
  // Handler: no handler is started until `resume`, called on the JavaScript thread. Linux needs neither.
  void pause();
  void resume();
  // JavaScript thread: whether the queue keeps the loop alive. A new one does not.
  void set_active(bool is_active);
  // JavaScript thread: no drain from now on. `closed` runs on that thread when the system has let go of the queue,
  // possibly before this returns. Idempotent.
  void close(std::function<void()> closed);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

struct ConnectTarget {
  std::string name;
  std::optional<std::string> address;
  bool is_privileged = false;
};

struct ListenTarget {
  std::string name;
  std::optional<int> descriptor;
  bool is_any_user_allowed = false;
};

// Why this system cannot have such a target; null when it can.
const char* problem_with(const ConnectTarget& target);
const char* problem_with(const ListenTarget& target);

// Inactive connections. JavaScript thread.
ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue);
ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue);
// Before a listener's activation. Linux turns peers of other users away itself, reads nothing of theirs, and reports
// them to `refused`. `context` lives until the listener's final event.
using RefusedHandler = void (*)(void* context, pid_t pid, uid_t uid, gid_t gid);
void set_peer_policy(xpc_connection_t listener, bool is_any_user_allowed, RefusedHandler refused, void* context);

// Handler: whether the sender of a peer's last message (or its check-in) may speak to us. On Linux the socket's
// credentials were checked before the peer got here.
bool is_peer_allowed(xpc_connection_t peer, bool is_any_user_allowed);

// A text for logs about why a connection became invalid; empty when the system gives none.
std::string invalidation_reason(xpc_connection_t connection);

// The fast path of systems whose objects can stay in serialized form; macOS has none and returns null, false, empty.
Object dictionary_from_serialized(Bytes bytes);
bool fill_reply_from_serialized(xpc_object_t reply, Bytes bytes);
Bytes serialized_form(xpc_object_t dictionary);

// Adds what only this system has to the binding: `openSupervisor` on Linux.
void extend_binding(Environment& environment, napi_env env, napi_value binding);

}  // namespace launchport::platform
