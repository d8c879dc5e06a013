// A dispatch queue as one libuv loop: everything of its connections happens on the loop's thread, in bursts. A burst
// is what one readable socket, or one round of deferred work, gives rise to.
#pragma once

#include <uv.h>
#include <xpc/loop.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "dispatch/remote_calls.h"
#include "ref.h"
#include "wire.h"

namespace xpc {

class Connection;
class TrimTimer;
template <typename Handle>
class LoopHandle;

class LoopQueue : public std::enable_shared_from_this<LoopQueue> {
 public:
  // Whose the thread is.
  enum class Thread {
    // Another's, who polls this loop among other things: the queue lives until close(), however many references there
    // are, and cannot be suspended.
    shared,
    // The queue's: it ends when nobody refers to it any more and all work is done, and then closes itself.
    owned,
  };

  // On the loop's thread. The caller owns a reference.
  static dispatch_queue_t create(uv_loop_t* loop, Thread thread);
  LoopQueue(uv_loop_t* loop, Thread thread);
  LoopQueue(const LoopQueue&) = delete;
  LoopQueue& operator=(const LoopQueue&) = delete;
  ~LoopQueue();

  static LoopQueue* from(dispatch_queue_t queue) { return reinterpret_cast<LoopQueue*>(queue); }
  dispatch_queue_t handle() { return reinterpret_cast<dispatch_queue_t>(this); }

  // Any thread. These references keep the queue at work; that the object exists is up to shared pointers.
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();
  void suspend();
  void resume();
  // Before the queue is shared.
  void set_context(void* context) { context_ = context; }
  void set_finalizer(dispatch_function_t finalizer) { finalizer_ = finalizer; }
  // After an owned loop has ended: passes the context to the finalizer.
  void finalize();

  // Any thread: whether it is the loop's.
  bool is_current() const { return std::this_thread::get_id() == thread_; }
  // The same; calls that other threads made before are made first.
  bool enter() {
    if (!is_current()) return false;
    if (!remote_calls_.is_empty()) remote_calls_.run();
    return true;
  }
  // Any thread. The call is made on the loop's thread, soon, in order; dropped when the queue is closed.
  template <typename Call>
  void post(Call call) {
    remote_calls_.post(std::move(call));
  }
  // Any thread.
  void async(dispatch_function_t work, void* context);

  // Any thread: whether the loop's is none of the program's own.
  bool has_own_thread() const { return ownership_ == Thread::owned; }

  // What this thread sends to connections of the queue from now on waits for its flush_gathered().
  void start_gathering() { gatherer_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  bool is_gathering() const { return gatherer_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  // The thread that gathers.
  void gather(Connection& connection);
  void flush_gathered();

  // All that follows: the loop's thread.

  uv_loop_t* loop() const { return loop_; }
  // Any thread; on the loop's it is exact.
  bool is_closed() const { return is_closed_.load(std::memory_order_relaxed); }
  // Aborts on another thread than the loop's.
  void assert_on_loop() const;

  void set_burst_handler(void (*handler)(void*), void* context);
  void set_closed_handler(void (*handler)(void*), void* context);
  void set_active(bool is_active);
  void close();

  // Connections that have been activated and have not ended: they keep themselves alive. Closing the queue ends them.
  void add(Connection& connection) { connections_.insert(&connection); }
  void remove(Connection& connection) { connections_.erase(&connection); }
  const std::unordered_set<Connection*>& connections() const { return connections_; }
  // Runs the connection's deferred events soon, from the loop.
  void schedule(Connection& connection);
  // Flushes the connection at the end of the burst.
  void mark_dirty(Connection& connection);
  void flush();

  // Before each handler: waits while the queue is suspended.
  void begin_handler() {
    if (suspensions_.load(std::memory_order_relaxed) != 0) wait_for_resume();
  }
  // Around everything that starts from a libuv callback; handlers run in between.
  void begin_burst() { ++burst_depth_; }
  void end_burst();

  // Shared by all sockets of the queue: takes one packet and is used up within the callback that filled it.
  std::span<uint8_t> receive_buffer() { return *receive_buffer_; }

  // What may be part of a large message is sent or received: there will be memory to give back.
  void note_large_packet();

  // For LoopHandle.
  void handle_opened() { ++open_handles_; }
  void handle_closed();

 private:
  struct Work {
    dispatch_function_t function;
    void* context;
  };

  void defer(const Work& work);
  void wake();
  void run_remote_calls();
  void run_deferred();
  void run_round();
  void wait_for_resume();
  void end_if_unused();
  void close_handles();
  void end_of_one_life();

  uv_loop_t* const loop_;
  const std::thread::id thread_;
  const Thread ownership_;
  RemoteCalls remote_calls_;
  std::atomic<uint32_t> references_{1};
  // Two lives, that of the references and that of the handles; self_ goes with the second that ends.
  std::atomic<unsigned> lives_{2};
  std::shared_ptr<LoopQueue> self_;  // set once, and reset once
  void* context_ = nullptr;                  // set once
  dispatch_function_t finalizer_ = nullptr;  // set once
  std::atomic<std::thread::id> gatherer_{};
  std::vector<Ref<Connection>> gathered_;  // the gatherer's
  std::mutex suspension_mutex_;
  std::condition_variable resumed_;
  std::atomic<unsigned> suspensions_{0};  // written under the mutex

  // All that follows: the loop's thread.

  std::unique_ptr<LoopHandle<uv_check_t>> check_;  // runs deferred work after polling; referenced when active
  std::unique_ptr<LoopHandle<uv_idle_t>> idle_;    // running while there is deferred work: polling must not block
  std::unique_ptr<LoopHandle<uv_async_t>> async_;  // other threads' way in
  std::unique_ptr<TrimTimer> trim_timer_;          // null until needed
  bool is_awake_ = false;                          // idle_ is running
  void (*burst_handler_)(void*) = nullptr;
  void* burst_context_ = nullptr;
  void (*closed_handler_)(void*) = nullptr;
  void* closed_context_ = nullptr;
  std::atomic<bool> is_closed_ = false;  // written on this thread
  unsigned burst_depth_ = 0;
  size_t open_handles_ = 0;

  std::unordered_set<Connection*> connections_;
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
