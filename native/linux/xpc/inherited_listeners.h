// The listening sockets that the process was started with (LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES).
#pragma once

#include <string_view>
#include <utility>

namespace xpc {

// The right to one of them; the socket itself stays open for the next who takes it. Any thread.
class InheritedListener {
 public:
  // Reads the environment, if nobody has. Once there are threads, only some may.
  static void prepare();
  // Empty when the process has no socket of that name, or it is taken.
  static InheritedListener take(std::string_view name);

  InheritedListener() = default;
  InheritedListener(InheritedListener&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  InheritedListener& operator=(InheritedListener&& other) noexcept;
  ~InheritedListener();

  int descriptor() const { return descriptor_; }

 private:
  explicit InheritedListener(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;  // -1 when empty
};

}  // namespace xpc
