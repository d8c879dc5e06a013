// An ordered list of objects.
#pragma once

#include <cstddef>
#include <vector>

#include "object.h"

namespace xpc {

class Array final : public Object {
 public:
  void reserve(size_t count) { values_.reserve(count); }
  void append(Ref<Object> value) { values_.push_back(std::move(value)); }
  const std::vector<Ref<Object>>& values() const { return values_; }

  xpc_type_t type() const override { return XPC_TYPE_ARRAY; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  Ref<Object> copy() override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  void dispose() override { delete this; }

  std::vector<Ref<Object>> values_;
};

}  // namespace xpc
