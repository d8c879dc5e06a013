// Large blocks that are free, kept for the next large message: fresh memory costs a page fault per page, which is
// several times the work of moving the bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace xpc {

class Bytes;

// One for the process. Any thread.
class BlockPool {
 public:
  // Smaller blocks are not worth keeping.
  static constexpr size_t kLeastBytes = 128 * 1024;

  static BlockPool& shared();

  // A block of at least `capacity` bytes and not much more, in no particular state; null when there is none.
  Bytes* take(size_t capacity);
  // Takes over a block that nobody refers to. False when there are enough.
  bool keep(Bytes* block);
  // Gives back what was not needed since the last call. False when there are no blocks, here or in use.
  bool trim();
  // A block of at least kLeastBytes was made, or given back to the system.
  void count_made() { live_.fetch_add(1, std::memory_order_relaxed); }
  void count_destroyed() { live_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  // Received bodies come back in bulk, when JavaScript's garbage is collected: V8 does that about every 64 MiB of them.
  static constexpr size_t kMostBytes = 96 * 1024 * 1024;

  std::atomic<size_t> live_{0};
  std::mutex mutex_;            // guards the rest
  std::vector<Bytes*> blocks_;  // owned; the back was used last
  size_t held_ = 0;             // bytes in blocks_
  size_t least_ = 0;            // the fewest there were in blocks_ since the last trim
};

}  // namespace xpc
