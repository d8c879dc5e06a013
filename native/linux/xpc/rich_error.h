// The errors of XPC's sessions, which say more than the singletons do. They only come from a peer: nothing here makes
// one.
#pragma once

#include <string>

#include "object.h"

namespace xpc {

class RichError final : public Object {
 public:
  // `length` bytes of text without NUL.
  static Ref<Object> make(const char* text, size_t length, bool can_retry);
  const std::string& text() const { return text_; }
  bool can_retry() const { return can_retry_; }

  xpc_type_t type() const override { return XPC_TYPE_RICH_ERROR; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  RichError(const char* text, size_t length, bool can_retry) : text_(text, length), can_retry_(can_retry) {}
  void dispose() override { delete this; }

  const std::string text_;
  const bool can_retry_;
};

}  // namespace xpc
