// Large blocks that are free, kept for the next large message: fresh memory costs a page fault per page, which is
// several times the work of moving the bytes.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

namespace xpc {

class Bytes;

// One for the process. Any thread.
class BlockPool {
 public:
  // Smaller blocks are not worth keeping.
  static constexpr size_t kLeastBytes = 64 * 1024;

  static BlockPool& shared();

  // A block of at least `capacity` bytes and not much more, in no particular state; null when there is none.
  Bytes* take(size_t capacity);
  // Takes over a block that nobody refers to. False when there are enough.
  bool keep(Bytes* block);

 private:
  // What an idle process holds on to, at most.
  static constexpr size_t kMostBytes = 32 * 1024 * 1024;

  std::mutex mutex_;            // guards the rest
  std::vector<Bytes*> blocks_;  // owned
  size_t held_ = 0;             // bytes in blocks_
};

}  // namespace xpc
