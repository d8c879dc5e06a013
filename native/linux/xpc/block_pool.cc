#include "block_pool.h"

#include "bytes.h"

namespace xpc {

BlockPool& BlockPool::shared() {
  static BlockPool* const pool = new BlockPool();  // never destroyed: threads may outlive static objects
  return *pool;
}

Bytes* BlockPool::take(size_t capacity) {
  const std::lock_guard lock(mutex_);
  size_t best = blocks_.size();
  for (size_t index = 0; index < blocks_.size(); ++index) {
    const size_t candidate = blocks_[index]->capacity();
    if (candidate < capacity || candidate / 2 > capacity) continue;
    if (best == blocks_.size() || candidate < blocks_[best]->capacity()) best = index;
  }
  if (best == blocks_.size()) return nullptr;
  Bytes* block = blocks_[best];
  blocks_[best] = blocks_.back();
  blocks_.pop_back();
  held_ -= block->capacity();
  return block;
}

bool BlockPool::keep(Bytes* block) {
  const std::lock_guard lock(mutex_);
  if (held_ + block->capacity() > kMostBytes) return false;
  held_ += block->capacity();
  blocks_.push_back(block);
  return true;
}

}  // namespace xpc
