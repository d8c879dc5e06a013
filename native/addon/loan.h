// Memory lent to JavaScript to write one large body into. It goes to XPC as it is: neither copied nor made anew for
// each message.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

namespace launchport {

// JavaScript thread.
class Loan {
 public:
  // A buffer of that many bytes in no particular state. What was lent before and not taken is not lent any more. Throws
  // in JavaScript when there is no memory.
  Napi::Value lend(Napi::Env env, size_t byte_length);
  // The block behind an array that begins where the lent buffer does; null for any other. It lives as long as JavaScript
  // has the buffer, so whoever takes it calls `take_away` when done.
  void* take(const Napi::Uint8Array& array);
  // Nothing can write to the buffer from now on.
  static void take_away(const Napi::Uint8Array& array);

 private:
  struct State {
    void* block = nullptr;  // null when nothing is lent
  };
  // What the engine's buffer holds on to.
  struct Lent;

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace launchport
