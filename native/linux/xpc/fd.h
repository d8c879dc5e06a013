// A file descriptor as a value.
#pragma once

#include <memory>

#include "descriptor.h"
#include "object.h"

namespace xpc {

class Fd final : public Object {
 public:
  static Ref<Object> make(Descriptor descriptor);
  const Descriptor& descriptor() const { return *descriptor_; }

  xpc_type_t type() const override { return XPC_TYPE_FD; }
  // Another object, for equality is that of objects; the descriptor is shared.
  Ref<Object> copy() override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  explicit Fd(std::shared_ptr<const Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}
  void dispose() override { delete this; }

  const std::shared_ptr<const Descriptor> descriptor_;  // never empty
};

}  // namespace xpc
