#include "bytes.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "block_pool.h"

namespace xpc {

static_assert(std::is_trivially_destructible_v<Bytes> && sizeof(Bytes) == 16);

Ref<Bytes> Bytes::reuse(size_t capacity) {
  Bytes* block = capacity >= BlockPool::kLeastBytes ? BlockPool::shared().take(capacity) : nullptr;
  if (block != nullptr) block->references_ = 1;
  return Ref<Bytes>::adopt(block);
}

Ref<Bytes> Bytes::allocate_for(size_t expected, size_t capacity) {
  Ref<Bytes> block = reuse(expected);
  return block ? std::move(block) : allocate(capacity);
}

Ref<Bytes> Bytes::allocate(size_t capacity) {
  if (Ref<Bytes> reused = reuse(capacity)) return reused;
  auto* block = static_cast<Bytes*>(std::malloc(sizeof(Bytes) + capacity));
  if (block == nullptr) std::abort();
  block->capacity_ = capacity;
  block->references_ = 1;
  return Ref<Bytes>::adopt(block);
}

Ref<Bytes> Bytes::copy(const void* source, size_t length) {
  Ref<Bytes> block = allocate(length);
  if (length > 0) std::memcpy(block->data(), source, length);
  return block;
}

Ref<Bytes> Bytes::grow(Ref<Bytes> block, size_t capacity) {
  // For large blocks realloc moves pages, not bytes.
  auto* larger = static_cast<Bytes*>(std::realloc(static_cast<void*>(block.leak()), sizeof(Bytes) + capacity));
  if (larger == nullptr) std::abort();
  larger->capacity_ = capacity;
  return Ref<Bytes>::adopt(larger);
}

bool Bytes::is_unique() { return std::atomic_ref(references_).load(std::memory_order_acquire) == 1; }

void Bytes::retain() { std::atomic_ref(references_).fetch_add(1, std::memory_order_relaxed); }

void Bytes::release() {
  if (std::atomic_ref(references_).fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (capacity_ < BlockPool::kLeastBytes || !BlockPool::shared().keep(this)) std::free(this);
}

}  // namespace xpc
