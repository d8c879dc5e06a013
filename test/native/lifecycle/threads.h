// What rules about several threads are tried with: queues with threads of their own, and two ends on them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <utility>

#include "bench.h"

namespace lifecycle {

// Counts what other threads have done; the bench's log is not for them.
class Counter {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  // False after a minute.
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// A queue whose thread has ended when this goes.
class Queue {
 public:
  Queue() : queue_(dispatch_queue_create("rule", DISPATCH_QUEUE_SERIAL)) {
    dispatch_set_context(queue_, this);
    dispatch_set_finalizer_f(queue_, [](void* context) { static_cast<Queue*>(context)->finalized_.add(); });
  }
  ~Queue() {
    release();
    if (!finalized_.wait_for(1)) std::abort();
  }
  void release() {
    if (queue_ != nullptr) dispatch_release(std::exchange(queue_, nullptr));
  }
  bool is_finalized() { return finalized_.count() > 0; }
  dispatch_queue_t get() const { return queue_; }
  // Runs the work there, after all that was put there before.
  void run(std::function<void()> work) {
    struct Call {
      std::function<void()> work;
      Counter done;
    } call{std::move(work), {}};
    dispatch_async_f(queue_, &call, [](void* context) {
      auto* const call = static_cast<Call*>(context);
      call->work();
      call->done.add();
    });
    if (!call.done.wait_for(1)) std::abort();
  }

 private:
  dispatch_queue_t queue_;
  Counter finalized_;
};

inline void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

// A service on a queue of its own that answers, and a client of it on another.
class Pair {
 public:
  explicit Pair(Bench& bench) {
    bench.open_service();
    listener_ = xpc_connection_create_mach_service("com.example.lifecycle", service_queue_.get(),
                                                   XPC_CONNECTION_MACH_SERVICE_LISTENER);
    xpc_connection_set_listening_socket(listener_, bench.service_descriptor());
    xpc_connection_set_event_handler(listener_, [this](xpc_object_t event) { accept(event); });
    xpc_connection_activate(listener_);
    client_ = xpc_connection_create_mach_service("com.example.lifecycle", client_queue_.get(), 0);
    xpc_connection_set_socket_path(client_, bench.service_path().c_str());
    xpc_connection_set_event_handler(client_, [this](xpc_object_t event) {
      if (event == XPC_ERROR_CONNECTION_INVALID) client_ended.add();
    });
    xpc_connection_activate(client_);
  }
  ~Pair() {
    for (const xpc_connection_t connection : {client_, listener_}) {
      xpc_connection_cancel(connection);
      xpc_release(connection);
    }
  }
  xpc_connection_t client() const { return client_; }
  Queue& service_queue() { return service_queue_; }
  Queue& client_queue() { return client_queue_; }
  // Until the client's queue has nothing to do, so that what is sent next need not wait for it.
  bool meet() {
    send(client_, 0);
    if (!received.wait_for(1)) return false;
    client_queue_.run([] {});
    return true;
  }

  // Runs on the service's queue.
  std::function<void(xpc_object_t message)> on_message = [](xpc_object_t) {};
  Counter received;
  Counter client_ended;

 private:
  void accept(xpc_object_t event) {
    if (xpc_get_type(event) != XPC_TYPE_CONNECTION) return;
    const auto peer = static_cast<xpc_connection_t>(event);
    xpc_connection_set_event_handler(peer, [this, peer](xpc_object_t message) {
      if (xpc_get_type(message) != XPC_TYPE_DICTIONARY) return;
      on_message(message);
      answer(peer, message);
      received.add();
    });
    xpc_connection_activate(peer);
  }

  Queue service_queue_;
  Queue client_queue_;
  xpc_connection_t listener_;
  xpc_connection_t client_;
};

}  // namespace lifecycle
