#include "remote_calls.h"

namespace xpc {

void RemoteCalls::open(uv_async_t* async) {
  const std::lock_guard lock(mutex_);
  async_ = async;
}

void RemoteCalls::push(std::unique_ptr<Call> call) {
  const std::lock_guard lock(mutex_);
  if (async_ == nullptr) return;  // destroyed after the lock, as arguments are
  calls_.push_back(std::move(call));
  if (has_calls_.exchange(true, std::memory_order_relaxed)) return;
  uv_async_send(async_);
}

void RemoteCalls::wake() {
  const std::lock_guard lock(mutex_);
  if (async_ != nullptr) uv_async_send(async_);
}

void RemoteCalls::run() {
  if (is_running_ || is_empty()) return;
  is_running_ = true;
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
    has_calls_.store(false, std::memory_order_relaxed);
  }
  for (const std::unique_ptr<Call>& call : calls) call->run();
  is_running_ = false;
}

bool RemoteCalls::close_if_empty() {
  const std::lock_guard lock(mutex_);
  if (!calls_.empty()) return false;
  async_ = nullptr;
  return true;
}

void RemoteCalls::close() {
  Calls dropped;
  const std::lock_guard lock(mutex_);
  async_ = nullptr;
  dropped.swap(calls_);
  has_calls_.store(false, std::memory_order_relaxed);
}

}  // namespace xpc
