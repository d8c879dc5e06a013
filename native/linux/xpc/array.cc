#include "array.h"

#include <algorithm>

#include "encoder.h"
#include "misuse.h"

namespace xpc {
namespace {

Array& array_from(xpc_object_t object) {
  if (object == nullptr || Object::from(object)->type() != XPC_TYPE_ARRAY) misuse("not an array");
  return static_cast<Array&>(*Object::from(object));
}

}  // namespace

bool Array::equals(const Object& other) const {
  const auto& theirs = static_cast<const Array&>(other).values_;
  return std::equal(values_.begin(), values_.end(), theirs.begin(), theirs.end(),
                    [](const Ref<Object>& a, const Ref<Object>& b) { return xpc_equal(a.get(), b.get()); });
}

size_t Array::hash() const {
  size_t result = values_.size();
  for (const Ref<Object>& value : values_) result = combine_hash(result, value->hash());
  return result;
}

Ref<Object> Array::copy() {
  Ref<Array> duplicate = Ref<Array>::adopt(new Array());
  duplicate->reserve(values_.size());
  for (const Ref<Object>& value : values_) {
    Ref<Object> element = value->copy();
    duplicate->append(element ? std::move(element) : value);
  }
  return duplicate;
}

void Array::describe(std::string& text) const {
  text += " { count = " + std::to_string(values_.size()) + ", contents =";
  for (const Ref<Object>& value : values_) {
    text += ' ';
    append_description(*value, text);
  }
  text += " }";
}

void Array::encode(Encoder& encoder) const {
  Encoder::Container container(encoder, TypeWord::array, values_.size());
  if (values_.size() >= kArrayCountLimit) encoder.fail();
  for (const Ref<Object>& value : values_) {
    if (!container) return;
    value->encode(encoder);
  }
}

}  // namespace xpc

using namespace xpc;

extern "C" {

xpc_object_t xpc_array_create(const xpc_object_t* objects, size_t count) {
  Ref<Array> array = Ref<Array>::adopt(new Array());
  array->reserve(count);
  for (size_t index = 0; index < count; ++index) xpc_array_append_value(array.get(), objects[index]);
  return array.leak();
}

void xpc_array_append_value(xpc_object_t xarray, xpc_object_t value) {
  if (value == nullptr) misuse("NULL in an array");
  Object::from(value)->share();
  array_from(xarray).append(Ref<Object>(Object::from(value)));
}

size_t xpc_array_get_count(xpc_object_t xarray) { return array_from(xarray).values().size(); }

xpc_object_t xpc_array_get_value(xpc_object_t xarray, size_t index) {
  const auto& values = array_from(xarray).values();
  if (index >= values.size()) misuse("array index out of range");
  return values[index].get();
}

bool xpc_array_apply(xpc_object_t xarray, xpc_array_applier_t applier) {
  const auto& values = array_from(xarray).values();
  for (size_t index = 0; index < values.size(); ++index) {
    if (!applier(index, values[index].get())) return false;
  }
  return true;
}

}  // extern "C"
