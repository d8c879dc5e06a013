// Memory that processes share, as JavaScript sees it.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "handle.h"
#include "problem.h"

namespace launchport {

// A range of this process's addresses; unmapped with the last owner, on any thread.
class MemoryRegion {
 public:
  enum class Origin : uint8_t { allocated, mapped };

  MemoryRegion(void* start, size_t size, Origin origin) : start_(start), size_(size), origin_(origin) {}
  ~MemoryRegion();
  MemoryRegion(const MemoryRegion&) = delete;
  MemoryRegion& operator=(const MemoryRegion&) = delete;

  void* start() const { return start_; }
  size_t size() const { return size_; }

 private:
  void* const start_;
  const size_t size_;
  const Origin origin_;
};

// One handle's memory: made here, or received. What is not called on the JavaScript thread says so.
class SharedMemory {
 public:
  // Zeroed. Null, with the problem, when there is no memory for it.
  static std::shared_ptr<SharedMemory> create(size_t byte_length, Problem* problem);
  // Any thread: received memory, mapped when it is first looked at.
  SharedMemory(Object object, size_t byte_length) : object_(std::move(object)), byte_length_(byte_length) {}

  // Any thread.
  const Object& object() const { return object_; }
  size_t byte_length() const { return byte_length_; }

  // The bytes, in the same buffer at each call. Throws in JavaScript when they cannot be had.
  Napi::Value buffer(Napi::Env env);
  // Takes the bytes away from JavaScript. They are unmapped once the engine has let go of them too.
  void detach();

 private:
  bool map();

  const Object object_;
  const size_t byte_length_;
  std::shared_ptr<MemoryRegion> region_;  // null while not mapped; shared with the buffer
  Napi::Reference<Napi::ArrayBuffer> buffer_;  // weak
};

}  // namespace launchport
