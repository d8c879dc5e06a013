// launchport-sandbox: what bubblewrap has no option for. It has no libraries, for it runs in roots that are not trusted.
//
//   launch LAST PROGRAM ARGUMENT...   joins the control groups of descriptors 6 to LAST, closes these, runs PROGRAM
//   hold DESCRIPTOR                   the first process of a sandbox; ends when DESCRIPTOR does
//   enter NAMESPACES LAST             runs a process in the sandbox, see enter.h for the descriptors
//   run                               the part of `enter` that happens inside
//   sysctl NAMESPACES PATH=VALUE...   sets kernel settings of the sandbox's namespaces
#include "enter.h"
#include "system.h"

namespace launchport::sandbox {
namespace {

int launch(int last, char** command, char** environment) {
  if (!join_groups(kFirstGroup, last)) return 125;
  for (int descriptor = kFirstGroup; descriptor <= last; ++descriptor) system_call(SYS_close, descriptor);
  close_from(last < kFirstGroup ? kFirstGroup : last + 1);
  const long error = -system_call(SYS_execve, as_word(command[0]), as_word(command), as_word(environment));
  complain("cannot run", command[0], error);
  return 125;
}

int main(int count, char** arguments, char** environment) {
  const char* const mode = count > 1 ? arguments[1] : "";
  if (is_same(mode, "launch") && count > 3) {
    return launch(static_cast<int>(number_of(arguments[2])), arguments + 3, environment);
  }
  if (is_same(mode, "hold") && count == 3) return hold(static_cast<int>(number_of(arguments[2])));
  if (is_same(mode, "enter") && count == 4) return enter(arguments[2], static_cast<int>(number_of(arguments[3])));
  if (is_same(mode, "run") && count == 2) return run();
  if (is_same(mode, "sysctl") && count > 3) return set_kernel_settings(arguments[2], arguments + 3);
  Line().text("launchport-sandbox is run by launchport\n").write_to(2);
  return 125;
}

}  // namespace
}  // namespace launchport::sandbox

// The compiler makes calls to these.
extern "C" void* memcpy(void* to, const void* from, size_t size) {
  for (size_t at = 0; at < size; ++at) static_cast<char*>(to)[at] = static_cast<const char*>(from)[at];
  return to;
}
extern "C" void* memset(void* to, int value, size_t size) {
  for (size_t at = 0; at < size; ++at) static_cast<char*>(to)[at] = static_cast<char>(value);
  return to;
}

// The stack as the kernel leaves it: the count, the arguments, a null, the environment, a null.
extern "C" [[gnu::used]] void start_on(long* stack) {
  const int count = static_cast<int>(stack[0]);
  char** const arguments = reinterpret_cast<char**>(stack + 1);
  launchport::sandbox::leave(launchport::sandbox::main(count, arguments, arguments + count + 1));
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start_on\n");
#else
asm(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl start_on\n");
#endif
