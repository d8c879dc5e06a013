// Owns one libuv handle. Closing is asynchronous: the handle's memory lives on until libuv lets go of it, after its
// owner is gone if need be.
#pragma once

#include <uv.h>

#include <utility>

#include "queue.h"

namespace xpc {

template <typename Handle>
class LoopHandle {
 public:
  LoopHandle() = default;
  LoopHandle(LoopHandle&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  LoopHandle& operator=(LoopHandle&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~LoopHandle() { close(); }

  // `initialise` makes the handle, libuv style: 0 or an error, then the result is empty. The handle's data is
  // `owner`; it does not keep the loop alive, which only the queue itself may do.
  template <typename Initialise>
  static LoopHandle open(LoopQueue& queue, void* owner, Initialise&& initialise) {
    LoopHandle handle;
    auto* block = new Block{{}, &queue};
    if (initialise(&block->handle) != 0) {
      delete block;
      return handle;
    }
    block->handle.data = owner;
    uv_unref(reinterpret_cast<uv_handle_t*>(&block->handle));
    queue.handle_opened();
    handle.block_ = block;
    return handle;
  }

  // No callback runs from now on.
  void close() {
    Block* block = std::exchange(block_, nullptr);
    if (block == nullptr) return;
    block->handle.data = block;
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle), [](uv_handle_t* closed) {
      auto* finished = static_cast<Block*>(closed->data);
      LoopQueue* queue = finished->queue;
      delete finished;
      queue->handle_closed();
    });
  }

  Handle* get() const { return block_ != nullptr ? &block_->handle : nullptr; }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  struct Block {
    Handle handle;
    LoopQueue* queue;
  };

  Block* block_ = nullptr;  // null when empty; freed by the close callback
};

}  // namespace xpc
