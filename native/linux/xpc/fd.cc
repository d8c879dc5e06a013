#include "fd.h"

#include "encoder.h"

namespace xpc {

Ref<Object> Fd::make(Descriptor descriptor) {
  return Ref<Object>::adopt(new Fd(std::make_shared<const Descriptor>(std::move(descriptor))));
}

Ref<Object> Fd::copy() { return Ref<Object>::adopt(new Fd(descriptor_)); }

void Fd::describe(std::string& text) const { text += ": " + std::to_string(descriptor_->get()); }

void Fd::encode(Encoder& encoder) const { encoder.write_right(TypeWord::fd, *this, descriptor_->get()); }

}  // namespace xpc
