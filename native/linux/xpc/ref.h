// A counted reference to anything that has retain() and release().
#pragma once

#include <utility>

namespace xpc {

template <typename T>
class Ref {
 public:
  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}

  // Adds a reference of its own.
  explicit Ref(T* target) : target_(target) {
    if (target_ != nullptr) target_->retain();
  }

  // Takes over the reference that the caller owns.
  static Ref adopt(T* target) {
    Ref ref;
    ref.target_ = target;
    return ref;
  }

  Ref(const Ref& other) : Ref(other.target_) {}
  Ref(Ref&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}

  template <typename U>
  Ref(Ref<U>&& other) noexcept : target_(other.leak()) {}

  Ref& operator=(Ref other) noexcept {
    std::swap(target_, other.target_);
    return *this;
  }

  ~Ref() {
    if (target_ != nullptr) target_->release();
  }

  // Gives the reference to the caller, who must release it.
  [[nodiscard]] T* leak() { return std::exchange(target_, nullptr); }
  void reset() { Ref().swap(*this); }
  void swap(Ref& other) noexcept { std::swap(target_, other.target_); }

  T* get() const { return target_; }
  T* operator->() const { return target_; }
  T& operator*() const { return *target_; }
  explicit operator bool() const { return target_ != nullptr; }

 private:
  T* target_ = nullptr;  // one reference owned; null when empty
};

}  // namespace xpc
