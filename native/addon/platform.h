// The seam: everything that differs between macOS and Linux. Implemented once in native/darwin/platform.cc and once
// in native/linux/platform.cc; no other file of the addon knows the system it runs on.
#pragma once

#include <node_api.h>
#include <xpc/xpc.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capabilities.h"
#include "handle.h"
#include "outbox.h"
#include "problem.h"
#include "records.h"
#include "requirement.h"
#include "targets.h"

namespace launchport {
class Environment;
class Listener;
}  // namespace launchport

namespace launchport::platform {

// As `Binding.platform` reports it.
extern const char* const kName;

// The dispatch queue that a port's handlers run on, and the way from there to the JavaScript thread.
// macOS: a private serial queue, that is a DispatchQueue. Linux: the loop itself, so handlers run on the JavaScript
// thread; with LAUNCHPORT_DISPATCH_QUEUE=1 when the port is opened, what macOS has.
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

// Why this system cannot have such a target.
Problem problem_with(const ConnectTarget& target);
Problem problem_with(const ListenTarget& target);

// Inactive connections by name. JavaScript thread.
ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue);
ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue);
// Once, before activation: what the system itself checks of the other end. On Linux that is all, and it reads nothing
// of whoever does not meet it; on macOS only the code signature.
Problem set_requirement(xpc_connection_t connection, const PeerRequirement& requirement);
// Before the listener's activation: it is to hear, until its final event, of peers that the system turns away. macOS
// tells nothing.
void report_refused(Listener& listener);

// Handler: what of the requirement the sender of a message does not meet, as far as the system does not see to it.
std::optional<Refusal> refusal_of_sender(xpc_connection_t connection, xpc_object_t message,
                                         const PeerRequirement& requirement, Role role);
// The audit token of a connection's last message. Leaves `token` as it is where there is none.
void read_audit_token(xpc_connection_t connection, std::array<uint32_t, 8>* token);

// Zeroed memory, in whole pages, that xpc_shmem_create takes. Null, and errno, on failure.
void* allocate_region(size_t size);
void free_region(void* region, size_t size);
// In bytes, as the maker of the memory said; 0 when it cannot be told.
uint64_t shared_memory_length(xpc_object_t memory);

struct RichError {
  std::string text;
  bool can_retry = false;
};
// Nothing when the object is none.
std::optional<RichError> rich_error(xpc_object_t object);

// Tells the peers of the queue's listeners that the process is about to end. macOS does it itself.
void announce_termination(dispatch_queue_t queue);

// Whether the system's XPC has this function.
bool has_function(const char* name);
// What only this system has, see capabilities.h.
std::vector<Capability> own_capabilities();

// A text for logs about why a connection became invalid; empty when the system gives none.
std::string invalidation_reason(xpc_connection_t connection);

// Memory for a large body, in no particular state. Aborts when there is none.
void* allocate_body(size_t size);
void free_body(void* body);

// The fast path of systems whose objects can stay in serialized form; macOS has none and returns null, false, empty.
// Bytes in memory of allocate_body are shared: whoever frees it must not write there any more. Others are looked at until
// the object is sent and released, which is to happen at once.
Object dictionary_from_serialized(const Payload& payload);
bool fill_reply_from_serialized(xpc_object_t reply, const Payload& payload);
Bytes serialized_form(xpc_object_t dictionary);

// Adds what only this system has to the binding: `openSupervisor` on Linux.
void extend_binding(Environment& environment, napi_env env, napi_value binding);

}  // namespace launchport::platform
