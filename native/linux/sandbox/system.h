// The few system calls that launchport-sandbox needs, without a C library: the program runs inside sandboxes, whose
// root directory has no library that it may trust. Results are as the kernel gives them: -errno on failure.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

namespace launchport::sandbox {

inline long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
#error "launchport-sandbox knows x86-64 and arm64; binding.gyp leaves it out elsewhere"
#endif
}

template <typename T>
long as_word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

[[noreturn]] inline void leave(int code) {
  for (;;) system_call(SYS_exit_group, code);
}

inline size_t length_of(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

inline bool is_same(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) ++left, ++right;
  return *left == *right;
}

// Decimal, or with `base` 16 hexadecimal in lower case. What is no digit ends it.
inline uint64_t number_of(const char* text, uint64_t base = 10) {
  uint64_t value = 0;
  for (; *text != '\0'; ++text) {
    const char digit = *text;
    if (digit >= '0' && digit <= '9') {
      value = value * base + static_cast<uint64_t>(digit - '0');
    } else if (base == 16 && digit >= 'a' && digit <= 'f') {
      value = value * base + static_cast<uint64_t>(digit - 'a' + 10);
    } else {
      break;
    }
  }
  return value;
}

// A line of text that is put together and written at once.
class Line {
 public:
  Line& text(const char* part) {
    while (*part != '\0' && size_ < sizeof buffer_) buffer_[size_++] = *part++;
    return *this;
  }
  Line& number(uint64_t value) {
    char digits[21];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return text(digits + at);
  }
  long write_to(int descriptor) const {
    return system_call(SYS_write, descriptor, as_word(buffer_), static_cast<long>(size_));
  }

 private:
  char buffer_[1024];
  size_t size_ = 0;
};

// What an error number means, for those that happen here; nullptr for others.
const char* meaning_of(long error);

// Writes "launchport: WHAT NAME: WHY" to standard error.
void complain(const char* what, const char* name, long error);

}  // namespace launchport::sandbox
