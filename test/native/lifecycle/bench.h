// What a rule is tried in: a libuv loop and a queue of its own, one service, and a log of every event in its order.
// Everything is in this process and on one thread, so what can happen has happened after a few turns of the loop.
#pragma once

#include <uv.h>
#include <xpc/loop.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace lifecycle {

// Owns one reference to an object.
class Held {
 public:
  explicit Held(void* object) : object_(object) {}
  Held(Held&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Held& operator=(Held&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Held() { reset(); }

  void reset() {
    if (object_ != nullptr) xpc_release(std::exchange(object_, nullptr));
  }
  xpc_object_t get() const { return object_; }
  operator xpc_object_t() const { return object_; }

 private:
  xpc_object_t object_;  // null when empty
};

// A dictionary whose key "n" is the number.
Held message(int64_t number);
int64_t number_of(xpc_object_t message);
// "peer", "interrupted", "invalid", "terminating", "requirement", or "message" and its number.
std::string name_of(xpc_object_t event);

class Bench {
 public:
  using Log = std::vector<std::string>;
  // What a peer does with a message.
  using Action = std::function<void(xpc_connection_t peer, xpc_object_t message)>;

  Bench();
  // Closes the queue, silently, then lets go of everything.
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  dispatch_queue_t queue() const { return queue_; }

  // Has its reference released with the bench.
  xpc_connection_t own(xpc_connection_t connection);
  // Notes every event of the connection under the name.
  void note_events(xpc_connection_t connection, std::string name);
  // Each is inactive, is the bench's, and notes its events. The first listener opens the service.
  xpc_connection_t client(std::string name = "client");
  xpc_connection_t listener();
  // A listener that accepts each peer: keeps it, notes its events as "peer", "peer2" …, activates it, and has it
  // answer. Active.
  xpc_connection_t service();
  // As service(), without a name.
  xpc_connection_t anonymous_service();
  // As service(), for a listener made elsewhere and inactive.
  void serve(xpc_connection_t listener);
  // An active client whose first request was answered; nothing of it remains in the log.
  xpc_connection_t connected_client();
  void set_action(Action action) { action_ = std::move(action); }
  const std::vector<xpc_connection_t>& peers() const { return peers_; }

  // The socket is there and nobody listens on it yet. Idempotent.
  void open_service();
  // The name is gone, once the listener is.
  void close_service();
  int service_descriptor() const { return descriptor_; }
  const std::string& service_path() const { return path_; }

  // Notes its outcome as "<name> reply <event>".
  void request(xpc_connection_t connection, int64_t number, const std::string& name = "client");

  void note(std::string what) { log_.push_back(std::move(what)); }
  const Log& log() const { return log_; }
  void clear_log() { log_.clear(); }
  size_t count(const std::string& what) const;
  bool has(const std::string& what) const { return count(what) > 0; }

  // Runs the loop until it is so; false after ten seconds.
  bool until(const std::function<bool()>& condition);
  // Runs the loop for as long as anything can still happen.
  void settle();

  void fail(int line, const char* what);
  // Empty when all is well.
  const std::string& problem() const { return problem_; }

 private:
  uv_loop_t loop_;
  dispatch_queue_t queue_;
  std::string folder_;
  std::string path_;
  int descriptor_ = -1;  // of the service's socket; -1 when there is none
  std::vector<xpc_connection_t> owned_;
  std::vector<xpc_connection_t> peers_;  // owned as well
  Action action_;
  Log log_;
  std::string problem_;
};

// Sends the message's number back, if it asks for a reply.
void answer(xpc_connection_t peer, xpc_object_t message);

}  // namespace lifecycle
