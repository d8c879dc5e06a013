#include "block_pool.h"

#include <algorithm>
#include <cstddef>

#include "bytes.h"

namespace xpc {
namespace {

// How many times what is asked for a block may have.
constexpr size_t kMostSlack = 2;

}  // namespace

BlockPool& BlockPool::shared() {
  static BlockPool* const pool = new BlockPool();  // never destroyed: threads may outlive static objects
  return *pool;
}

Bytes* BlockPool::take(size_t capacity) {
  const std::lock_guard lock(mutex_);
  size_t best = blocks_.size();
  for (size_t index = blocks_.size(); index-- > 0;) {
    const size_t candidate = blocks_[index]->capacity();
    if (candidate < capacity || candidate / kMostSlack > capacity) continue;
    if (best == blocks_.size() || candidate < blocks_[best]->capacity()) best = index;
  }
  if (best == blocks_.size()) return nullptr;
  Bytes* block = blocks_[best];
  blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(best));
  held_ -= block->capacity();
  least_ = std::min(least_, held_);
  return block;
}

bool BlockPool::keep(Bytes* block) {
  const std::lock_guard lock(mutex_);
  if (held_ + block->capacity() > kMostBytes) return false;
  held_ += block->capacity();
  blocks_.push_back(block);
  return true;
}

bool BlockPool::trim() {
  std::vector<Bytes*> unused;
  {
    const std::lock_guard lock(mutex_);
    size_t excess = least_;
    auto end = blocks_.begin();
    for (; end != blocks_.end() && (*end)->capacity() <= excess; ++end) excess -= (*end)->capacity();
    unused.assign(blocks_.begin(), end);
    blocks_.erase(blocks_.begin(), end);
    held_ -= least_ - excess;
    least_ = held_;
  }
  for (Bytes* block : unused) block->destroy();
  return live_.load(std::memory_order_relaxed) > 0;
}

}  // namespace xpc
