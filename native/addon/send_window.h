// Flow control of one connection: how much was handed to XPC and has not left the process yet.
#pragma once

#include <cstddef>

#include "records.h"

namespace launchport {

// XPC queues without limit and tells nothing but when a barrier is reached, so bytes are counted between barriers.
// One barrier at a time, and only for enough bytes to matter. Not thread-safe: the connection locks.
class SendWindow {
 public:
  // Passing it makes the connection congested.
  static constexpr size_t kHighWater = 4 * 1024 * 1024;
  // Falling below it ends that.
  static constexpr size_t kLowWater = 1024 * 1024;
  // With this many bytes queued nothing is taken any more. The queue so holds at most this and one message.
  static constexpr size_t kHardLimit = 64 * 1024 * 1024;
  // Fewer new bytes than this need no barrier; below kLowWater, so that a congested connection always has one.
  static constexpr size_t kBarrierBytes = 64 * 1024;

  struct Change {
    bool needs_barrier = false;  // call xpc_connection_send_barrier, then barrier_reached from it
    bool is_news = false;        // is_congested has changed
    bool is_congested = false;
  };

  // Whether a body may be sent.
  Failure admit(size_t size) const {
    if (size > kMaxBodyBytes) return Failure::too_large;
    return queued_ >= kHardLimit ? Failure::queue_full : Failure::none;
  }
  // After a body of `size` bytes was handed to XPC.
  Change sent(size_t size) {
    queued_ += size + kRecordHeaderBytes;
    return update();
  }
  // Everything handed over before the barrier has left.
  Change barrier_reached() {
    queued_ -= before_barrier_;
    before_barrier_ = 0;
    return update();
  }

 private:
  Change update() {
    Change change;
    if (before_barrier_ == 0 && queued_ >= kBarrierBytes) {
      before_barrier_ = queued_;
      change.needs_barrier = true;
    }
    const bool was_congested = is_congested_;
    if (queued_ >= kHighWater) is_congested_ = true;
    if (queued_ < kLowWater) is_congested_ = false;
    change.is_congested = is_congested_;
    change.is_news = is_congested_ != was_congested;
    return change;
  }

  size_t queued_ = 0;
  size_t before_barrier_ = 0;  // 0: no barrier outstanding
  bool is_congested_ = false;
};

}  // namespace launchport
