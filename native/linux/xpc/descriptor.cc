#include "descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xpc {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor Descriptor::duplicate(int number) { return Descriptor(fcntl(number, F_DUPFD_CLOEXEC, 3)); }

bool is_same_file(const Descriptor& a, const Descriptor& b) {
  struct stat first{};
  struct stat second{};
  return fstat(a.get(), &first) == 0 && fstat(b.get(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

size_t hash_file(const Descriptor& descriptor) {
  struct stat file{};
  return fstat(descriptor.get(), &file) == 0 ? static_cast<size_t>(file.st_ino) : 0;
}

}  // namespace xpc
