// The base of everything an xpc_object_t can be: a counted reference and the operations each type defines.
#pragma once

#include <xpc/xpc.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "ref.h"

struct _xpc_type_s {
  const char* name;
};

namespace xpc {

class Encoder;

class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  static Object* from(xpc_object_t object) { return static_cast<Object*>(object); }
  xpc_object_t handle() { return this; }

  // Any thread. The last release disposes of the object.
  void retain() const;
  void release() const;
  // When it may outlive a handler that it was lent to: copies what is valid within the handler only.
  virtual void share() {}
  // Whether the caller's reference is the only one.
  bool is_unique() const { return references_.load(std::memory_order_acquire) == 1; }

  virtual xpc_type_t type() const = 0;
  // `other` is of the same type. By default only the object itself.
  virtual bool equals(const Object& other) const { return this == &other; }
  virtual size_t hash() const;
  // A deep copy; immutable objects give themselves. Null when the type cannot be copied.
  virtual Ref<Object> copy() { return Ref<Object>(this); }
  // Appends what stands after "<type: address>" in a description.
  virtual void describe(std::string& text) const = 0;
  // Appends the serialized form, type word included. By default the type has none, and the encoding fails.
  virtual void encode(Encoder& encoder) const;

 protected:
  enum class Lifetime : uint32_t { counted = 1, immortal = UINT32_MAX };

  constexpr explicit Object(Lifetime lifetime = Lifetime::counted) : references_(static_cast<uint32_t>(lifetime)) {}
  // Not virtual, so that the immortal objects need no code at process exit.
  ~Object() = default;

  // The last reference is gone.
  virtual void dispose() = 0;

 private:
  mutable std::atomic<uint32_t> references_;  // Lifetime::immortal is never changed
};

// "<type: 0x…>" followed by the object's own part.
void append_description(const Object& object, std::string& text);

// Mixes one hash into another; the order of calls matters.
constexpr size_t combine_hash(size_t seed, size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2));
}

}  // namespace xpc
