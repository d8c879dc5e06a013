// Ownership of XPC objects in one place. With OS_OBJECT_USE_OBJC=0 both systems count references alike.
#pragma once

#include <xpc/xpc.h>

#include <utility>

namespace launchport {

// Owns one reference to an XPC object, or nothing. Copying retains; XPC's own count is safe on any thread.
template <typename T>
class Ref {
 public:
  Ref() = default;
  // Takes over the reference that a create or copy function returned.
  static Ref adopt(T object) { return Ref(object); }
  // Takes a reference of its own to a borrowed object.
  static Ref retain(T object) {
    if (object != nullptr) xpc_retain(object);
    return Ref(object);
  }

  Ref(const Ref& other) : object_(other.object_) {
    if (object_ != nullptr) xpc_retain(object_);
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) xpc_release(object_);
  }

  T get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  explicit Ref(T object) : object_(object) {}

  T object_ = nullptr;  // one reference owned
};

using Object = Ref<xpc_object_t>;
using ConnectionRef = Ref<xpc_connection_t>;

}  // namespace launchport
