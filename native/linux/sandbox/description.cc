// Reads netstrings into C strings, in place: each field's comma becomes its terminator.
#include "description.h"

#include <sys/mman.h>

#include "system.h"

namespace launchport::sandbox {
namespace {

// Room for what execve(2) takes at most, twice; the caller refuses what is longer.
constexpr long kCapacity = 8 << 20;
constexpr long kMaxFields = 1 << 18;

char* map(long size) {
  const long result = system_call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<char*>(result);
}

struct Fields {
  char* at;
  char* end;

  // The next field, terminated; nullptr at the end and for anything that is no netstring.
  char* next(size_t* size) {
    size_t length = 0;
    char* digit = at;
    for (; digit < end && *digit >= '0' && *digit <= '9' && length < static_cast<size_t>(kCapacity); ++digit) {
      length = length * 10 + static_cast<size_t>(*digit - '0');
    }
    if (digit == at || digit >= end || *digit != ':') return nullptr;
    char* const field = digit + 1;
    if (static_cast<size_t>(end - field) <= length || field[length] != ',') return nullptr;
    field[length] = '\0';
    at = field + length + 1;
    if (size != nullptr) *size = length;
    return field;
  }
};

}  // namespace

bool Description::has_flag(char flag) const {
  for (const char* at = flags; *at != '\0'; ++at) {
    if (*at == flag) return true;
  }
  return false;
}

bool read_description(int descriptor, Description* result) {
  char* const buffer = map(kCapacity);
  char** list = reinterpret_cast<char**>(map(kMaxFields * static_cast<long>(sizeof(char*))));
  if (buffer == nullptr || list == nullptr) return false;
  long size = 0;
  for (;;) {
    const long count = system_call(SYS_read, descriptor, as_word(buffer + size), kCapacity - size);
    if (count == -4 /* EINTR */) continue;
    if (count < 0 || size + count == kCapacity) return false;
    if (count == 0) break;
    size += count;
  }
  Fields fields{buffer, buffer + size};
  const char** const members[] = {&result->flags,        &result->uid,    &result->gid,      &result->groups,
                                  &result->capabilities, &result->limits, &result->directory};
  for (const char** member : members) {
    if ((*member = fields.next(nullptr)) == nullptr) return false;
  }
  if ((result->filter = fields.next(&result->filter_size)) == nullptr) return false;
  if ((result->executable = fields.next(nullptr)) == nullptr) return false;
  const char* const count_text = fields.next(nullptr);
  if (count_text == nullptr) return false;

  const uint64_t count = number_of(count_text);
  if (count == 0 || count > static_cast<uint64_t>(kMaxFields) - 2) return false;
  result->arguments = list;
  for (uint64_t at = 0; at < count; ++at) {
    if ((*list++ = fields.next(nullptr)) == nullptr) return false;
  }
  *list++ = nullptr;
  result->environment = list;
  while (fields.at < fields.end && list < result->arguments + kMaxFields - 1) {
    if ((*list++ = fields.next(nullptr)) == nullptr) return false;
  }
  *list = nullptr;
  return fields.at == fields.end;
}

}  // namespace launchport::sandbox
