#include "misuse.h"

#include <cstdio>
#include <cstdlib>

namespace xpc {

void misuse(const char* reason) {
  std::fprintf(stderr, "XPC API misuse: %s\n", reason);
  std::abort();
}

}  // namespace xpc
