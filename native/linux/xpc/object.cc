#include "object.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "encoder.h"
#include "misuse.h"

using xpc::Object;

namespace xpc {

void Object::retain() const {
  if (references_.load(std::memory_order_relaxed) == static_cast<uint32_t>(Lifetime::immortal)) return;
  references_.fetch_add(1, std::memory_order_relaxed);
}

void Object::release() const {
  if (references_.load(std::memory_order_relaxed) == static_cast<uint32_t>(Lifetime::immortal)) return;
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) const_cast<Object*>(this)->dispose();
}

size_t Object::hash() const { return reinterpret_cast<uintptr_t>(this); }

void Object::encode(Encoder& encoder) const { encoder.fail(); }

void append_description(const Object& object, std::string& text) {
  char head[96];
  std::snprintf(head, sizeof head, "<%s: %p>", object.type()->name, static_cast<const void*>(&object));
  text += head;
  object.describe(text);
}

}  // namespace xpc

extern "C" {

const _xpc_type_s _xpc_type_connection{"connection"}, _xpc_type_endpoint{"endpoint"}, _xpc_type_null{"null"},
    _xpc_type_bool{"bool"}, _xpc_type_int64{"int64"}, _xpc_type_uint64{"uint64"}, _xpc_type_double{"double"},
    _xpc_type_date{"date"}, _xpc_type_data{"data"}, _xpc_type_string{"string"}, _xpc_type_uuid{"uuid"},
    _xpc_type_fd{"fd"}, _xpc_type_shmem{"shmem"}, _xpc_type_array{"array"}, _xpc_type_dictionary{"dictionary"},
    _xpc_type_error{"error"}, _xpc_type_rich_error{"rich error"};

xpc_object_t xpc_retain(xpc_object_t object) {
  if (object == nullptr) xpc::misuse("retain of NULL");
  Object::from(object)->share();
  Object::from(object)->retain();
  return object;
}

void xpc_release(xpc_object_t object) {
  if (object == nullptr) xpc::misuse("release of NULL");
  Object::from(object)->release();
}

xpc_type_t xpc_get_type(xpc_object_t object) { return Object::from(object)->type(); }

bool xpc_equal(xpc_object_t a, xpc_object_t b) {
  if (a == b) return true;
  const Object& left = *Object::from(a);
  const Object& right = *Object::from(b);
  return left.type() == right.type() && left.equals(right);
}

xpc_object_t xpc_copy(xpc_object_t object) { return Object::from(object)->copy().leak(); }

size_t xpc_hash(xpc_object_t object) { return Object::from(object)->hash(); }

char* xpc_copy_description(xpc_object_t object) {
  std::string text;
  xpc::append_description(*Object::from(object), text);
  return strdup(text.c_str());
}

}  // extern "C"
