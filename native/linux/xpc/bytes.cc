#include "bytes.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "block_pool.h"

namespace xpc {
namespace {

// Blocks from this size on are mappings, in huge pages as far as they fill some: touching fresh memory page by page costs
// more than all the rest of moving a large message.
constexpr size_t kMappedBytes = 512 * 1024;
constexpr size_t kPageBytes = 4096;
constexpr size_t kHugePageBytes = 2 * 1024 * 1024;

constexpr size_t in_pages(size_t length) { return (length + kPageBytes - 1) & ~(kPageBytes - 1); }

// `length` is one of whole pages. Null when there is no memory.
void* map(size_t length) {
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const size_t huge = length & ~(kHugePageBytes - 1);
  void* const mapping = mmap(nullptr, huge == 0 ? length : length + kHugePageBytes, kProtection, kFlags, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  if (huge == 0) return mapping;
  // Aligned, or the kernel could not use huge pages.
  auto* const begin = static_cast<uint8_t*>(mapping);
  const size_t skipped = -reinterpret_cast<uintptr_t>(begin) & (kHugePageBytes - 1);
  if (skipped > 0) munmap(begin, skipped);
  uint8_t* const aligned = begin + skipped;
  if (skipped < kHugePageBytes) munmap(aligned + length, kHugePageBytes - skipped);
  madvise(aligned, huge, MADV_HUGEPAGE);  // a kernel without them takes small pages
  return aligned;
}

}  // namespace

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
  void* memory = nullptr;
  if (capacity < kMappedBytes) {
    memory = std::malloc(sizeof(Bytes) + capacity);
  } else {
    const size_t length = in_pages(sizeof(Bytes) + capacity);
    memory = map(length);
    capacity = length - sizeof(Bytes);
  }
  if (memory == nullptr) std::abort();
  auto* const block = static_cast<Bytes*>(memory);
  block->capacity_ = capacity;
  block->references_ = 1;
  if (capacity >= BlockPool::kLeastBytes) BlockPool::shared().count_made();
  return Ref<Bytes>::adopt(block);
}

Ref<Bytes> Bytes::copy(const void* source, size_t length) {
  Ref<Bytes> block = allocate(length);
  if (length > 0) std::memcpy(block->data(), source, length);
  return block;
}

Ref<Bytes> Bytes::grow(Ref<Bytes> block, size_t used, size_t capacity) {
  if (capacity >= BlockPool::kLeastBytes) {
    Ref<Bytes> larger = allocate(capacity);
    std::memcpy(larger->data(), block->data(), used);
    return larger;
  }
  // Neither is a mapping nor counted: often there is room behind it.
  auto* const larger = static_cast<Bytes*>(std::realloc(static_cast<void*>(block.leak()), sizeof(Bytes) + capacity));
  if (larger == nullptr) std::abort();
  larger->capacity_ = capacity;
  return Ref<Bytes>::adopt(larger);
}

Bytes* Bytes::of(void* data) { return static_cast<Bytes*>(data) - 1; }

bool Bytes::is_unique() { return std::atomic_ref(references_).load(std::memory_order_acquire) == 1; }

void Bytes::retain() { std::atomic_ref(references_).fetch_add(1, std::memory_order_relaxed); }

void Bytes::release() {
  if (std::atomic_ref(references_).fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (capacity_ < BlockPool::kLeastBytes || !BlockPool::shared().keep(this)) destroy();
}

void Bytes::destroy() {
  if (capacity_ >= BlockPool::kLeastBytes) BlockPool::shared().count_destroyed();
  if (capacity_ < kMappedBytes) {
    std::free(this);
  } else {
    munmap(static_cast<void*>(this), sizeof(Bytes) + capacity_);
  }
}

}  // namespace xpc
