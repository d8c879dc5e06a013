// A counted block of raw bytes: a received body, a serialized message, a chunk of frames to send. Header and bytes
// are one allocation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ref.h"

namespace xpc {

class Bytes {
 public:
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  // Uninitialised; the capacity may be larger than asked for.
  static Ref<Bytes> allocate(size_t capacity);
  // A block for `expected` bytes, if that takes no new memory; else one of `capacity` to begin with.
  static Ref<Bytes> allocate_for(size_t expected, size_t capacity);
  static Ref<Bytes> copy(const void* source, size_t length);
  // A block with more room that begins with the same `used` bytes; the caller's reference must be the only one.
  static Ref<Bytes> grow(Ref<Bytes> block, size_t used, size_t capacity);
  // The block whose data() this is.
  static Bytes* of(void* data);

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  size_t capacity() const { return capacity_; }
  bool is_unique();

  // Any thread.
  void retain();
  void release();

 private:
  friend class BlockPool;

  Bytes() = default;
  // Gives the memory of a block that nobody refers to back to the system.
  void destroy();

  // A block from the pool; empty when there is none that fits.
  static Ref<Bytes> reuse(size_t capacity);

  size_t capacity_;
  alignas(8) uint32_t references_;  // through std::atomic_ref: the block must stay movable by realloc
};

}  // namespace xpc
