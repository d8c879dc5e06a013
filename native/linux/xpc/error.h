// The error singletons: compared by address, readable like a dictionary with one key, never sent.
#pragma once

#include "object.h"

namespace xpc {

class Error : public Object {
 public:
  constexpr explicit Error(const char* description) : Object(Lifetime::immortal), description_(description) {}

  const char* description() const { return description_; }
  // The description as a string object, borrowed.
  Object* description_object() const;

  xpc_type_t type() const override { return XPC_TYPE_ERROR; }
  void describe(std::string& text) const override;

 protected:
  ~Error() = default;

 private:
  void dispose() override {}

  const char* const description_;
  mutable std::atomic<Object*> description_object_{nullptr};  // made at first use, never freed
};

}  // namespace xpc
