// Owns one file descriptor.
#pragma once

#include <cstddef>
#include <utility>

namespace xpc {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  // Close-on-exec, and none of the standard three; empty and errno on failure.
  static Descriptor duplicate(int number);

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;  // -1 when empty
};

// Whether both are the same file, socket or memory, however they were opened.
bool is_same_file(const Descriptor& a, const Descriptor& b);
// Equal for descriptors of the same file.
size_t hash_file(const Descriptor& descriptor);

}  // namespace xpc
