// Shared memory as a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "descriptor.h"
#include "object.h"

namespace xpc {

class Shmem final : public Object {
 public:
  // The first `length` bytes of a file that has as many and cannot lose them.
  static Ref<Object> make(std::shared_ptr<const Descriptor> file, size_t length);
  // The same with a file that another process sent. Null when it is no memory, could shrink under a reader, or is
  // shorter than announced.
  static Ref<Object> receive(Descriptor file, uint64_t length);

  size_t length() const { return length_; }
  // Maps it for reading and writing, in whole pages. Returns the mapping's length; 0 and errno on failure.
  size_t map(void** start) const;

  xpc_type_t type() const override { return XPC_TYPE_SHMEM; }
  // The same memory.
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  Shmem(std::shared_ptr<const Descriptor> file, size_t length) : file_(std::move(file)), length_(length) {}
  void dispose() override { delete this; }

  const std::shared_ptr<const Descriptor> file_;  // never empty; shared with the region it was made of
  const size_t length_;                           // in bytes, not 0
};

}  // namespace xpc
