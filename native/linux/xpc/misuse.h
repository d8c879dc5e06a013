// The answer to a call that breaks the API's rules. Apple's library ends the process; so does this one.
#pragma once

namespace xpc {

// Writes the reason to stderr and aborts.
[[noreturn]] void misuse(const char* reason);

}  // namespace xpc
