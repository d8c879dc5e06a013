// Calls from any thread on their way to the thread of one loop, which is woken for them.
#pragma once

#include <uv.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace xpc {

class RemoteCalls {
 public:
  // Before the first post. `async` wakes the loop, and is valid until close().
  void open(uv_async_t* async);

  // Any thread. The call runs once on the loop's thread, after those posted before; it is dropped, and here destroyed,
  // when that thread takes none any more.
  template <typename Call>
  void post(Call call) {
    push(std::make_unique<Holder<Call>>(std::move(call)));
  }
  // Any thread. Has the loop come round, though there may be nothing to call.
  void wake();

  // Any thread; exact for what happened before this call.
  bool is_empty() const { return !has_calls_.load(std::memory_order_relaxed); }

  // The loop's thread. Makes the calls that are there now; within one of them, nothing.
  void run();
  // The loop's thread. False, and nothing is done, when a call waits. Afterwards calls are dropped.
  bool close_if_empty();
  // The loop's thread. Drops what waits and all that follows.
  void close();

 private:
  struct Call {
    virtual ~Call() = default;
    virtual void run() = 0;
  };
  template <typename T>
  struct Holder final : Call {
    explicit Holder(T call) : call(std::move(call)) {}
    void run() override { call(); }
    T call;
  };
  using Calls = std::vector<std::unique_ptr<Call>>;

  void push(std::unique_ptr<Call> call);

  std::mutex mutex_;             // guards the rest, but for is_running_; nothing is called or destroyed under it
  uv_async_t* async_ = nullptr;  // null before open and once closed
  Calls calls_;
  std::atomic<bool> has_calls_ = false;  // written under the mutex
  bool is_running_ = false;              // the loop's thread
};

}  // namespace xpc
