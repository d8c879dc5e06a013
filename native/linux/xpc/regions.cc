#include "regions.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

// Linux 6.3; newer than the C library's headers may be.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace xpc {
namespace {

// A memfd that keeps its size, for the other end relies on that: touching pages behind the end of a file is SIGBUS.
Descriptor make_file(size_t length) {
  Descriptor file(memfd_create("xpc-shmem", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
  if (!file && errno == EINVAL) file = Descriptor(memfd_create("xpc-shmem", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ftruncate(file.get(), static_cast<off_t>(length)) != 0) return {};
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return {};
  return file;
}

}  // namespace

size_t page_rounded(size_t length) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return length > PTRDIFF_MAX - page ? 0 : (length + page - 1) / page * page;
}

Regions& Regions::shared() {
  static Regions* const regions = new Regions();  // never destroyed: threads may outlive static objects
  return *regions;
}

void* Regions::allocate(size_t length) {
  const size_t rounded = page_rounded(length);
  if (rounded == 0) {
    errno = length == 0 ? EINVAL : ENOMEM;
    return nullptr;
  }
  Descriptor file = make_file(rounded);
  if (!file) return nullptr;
  void* start = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) return nullptr;
  const std::lock_guard lock(mutex_);
  regions_.emplace(start, Region{std::make_shared<const Descriptor>(std::move(file)), rounded});
  return start;
}

bool Regions::free(void* start) {
  std::unique_lock lock(mutex_);
  auto region = regions_.extract(start);
  if (region.empty()) return false;
  // Unmapped once it is forgotten: another thread may get the same address at once.
  lock.unlock();
  munmap(start, region.mapped().length);
  return true;
}

std::optional<Regions::Region> Regions::find(void* start) {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(start);
  return found == regions_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace xpc
