// What the system's XPC has of its newer and undeclared parts: `Binding.capabilities` of src/native/binding.ts.
#pragma once

#include <napi.h>

namespace launchport {

struct Capability {
  const char* name;
  const char* since;  // the first macOS version with it; empty for what is of Linux alone
  bool is_available;
};

// Frozen objects in a frozen list, made anew.
Napi::Value read_capabilities(const Napi::CallbackInfo& info);

}  // namespace launchport
