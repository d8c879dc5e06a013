// The dispatch queue of one libuv loop: everything of its connections happens on the loop's thread, in bursts. A burst
// is what one readable socket, or one round of deferred work, gives rise to.
#pragma once

#include <uv.h>
#include <xpc/loop.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <unordered_set>
#include <vector>

#include "ref.h"
#include "wire.h"

namespace xpc {

class Connection;
template <typename Handle>
class LoopHandle;

class LoopQueue {
 public:
  explicit LoopQueue(uv_loop_t* loop);
  LoopQueue(const LoopQueue&) = delete;
  LoopQueue& operator=(const LoopQueue&) = delete;

  static LoopQueue* from(dispatch_queue_t queue) { return reinterpret_cast<LoopQueue*>(queue); }
  dispatch_queue_t handle() { return reinterpret_cast<dispatch_queue_t>(this); }

  // Any thread. A queue lives until it is closed, however many references there are.
  void retain();
  void release();

  uv_loop_t* loop() const { return loop_; }
  // Aborts on another thread than the loop's.
  void assert_on_loop() const;

  void set_burst_handler(void (*handler)(void*), void* context);
  void set_closed_handler(void (*handler)(void*), void* context);
  void set_active(bool is_active);
  void close();

  // Connections enter when they get the queue and leave when they go. Closing the queue takes it from them.
  void add(Connection& connection);
  void remove(Connection& connection);
  const std::unordered_set<Connection*>& connections() const { return connections_; }
  // Runs the connection's deferred events soon, from the loop.
  void schedule(Connection& connection);
  // Flushes the connection at the end of the burst.
  void mark_dirty(Connection& connection);
  void defer(dispatch_function_t work, void* context);
  void flush();

  // Around everything that starts from a libuv callback; handlers run in between.
  void begin_burst() { ++burst_depth_; }
  void end_burst();

  // Shared by all sockets of the queue: takes one packet and is used up within the callback that filled it.
  std::span<uint8_t> receive_buffer() { return *receive_buffer_; }

  // For LoopHandle.
  void handle_opened() { ++open_handles_; }
  void handle_closed();

 private:
  struct Work {
    dispatch_function_t function;
    void* context;
  };

  ~LoopQueue();

  void wake();
  void run_deferred();
  void finish_closing();

  // All on the loop's thread, but for the count of references.
  uv_loop_t* const loop_;
  const std::thread::id thread_;
  std::atomic<uint32_t> references_{1};
  std::unique_ptr<LoopHandle<uv_check_t>> check_;  // runs deferred work after polling; referenced when active
  std::unique_ptr<LoopHandle<uv_idle_t>> idle_;    // running while there is deferred work: polling must not block
  bool is_awake_ = false;                          // idle_ is running
  void (*burst_handler_)(void*) = nullptr;
  void* burst_context_ = nullptr;
  void (*closed_handler_)(void*) = nullptr;
  void* closed_context_ = nullptr;
  bool is_closed_ = false;
  unsigned burst_depth_ = 0;
  size_t open_handles_ = 0;

  std::unordered_set<Connection*> connections_;  // borrowed; an active one keeps itself alive
  std::vector<Ref<Connection>> scheduled_;
  std::vector<Ref<Connection>> dirty_;
  std::vector<Ref<Connection>> flushing_;  // kept for its capacity
  std::vector<Work> work_;
  std::unique_ptr<std::array<uint8_t, wire::kPacketBytes>> receive_buffer_;
};

// A burst, from construction to destruction.
class Burst {
 public:
  explicit Burst(LoopQueue& queue) : queue_(queue) { queue.begin_burst(); }
  ~Burst() { queue_.end_burst(); }
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

 private:
  LoopQueue& queue_;
};

}  // namespace xpc
