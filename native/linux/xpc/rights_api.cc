// The C functions about descriptors, shared memory and rich errors.
#include <xpc/loop.h>
#include <xpc/xpc.h>

#include <cstring>

#include "fd.h"
#include "misuse.h"
#include "regions.h"
#include "rich_error.h"
#include "shmem.h"

using namespace xpc;

namespace {

template <typename Expected>
const Expected* as(xpc_object_t object, xpc_type_t type) {
  if (object == nullptr || Object::from(object)->type() != type) return nullptr;
  return static_cast<const Expected*>(Object::from(object));
}

}  // namespace

extern "C" {

xpc_object_t xpc_fd_create(int fd) {
  Descriptor descriptor = Descriptor::duplicate(fd);
  return descriptor ? Fd::make(std::move(descriptor)).leak() : nullptr;
}

int xpc_fd_dup(xpc_object_t xfd) {
  const auto* fd = as<Fd>(xfd, XPC_TYPE_FD);
  return fd != nullptr ? Descriptor::duplicate(fd->descriptor().get()).release() : -1;
}

xpc_object_t xpc_shmem_create(void* region, size_t length) {
  const std::optional<Regions::Region> found = Regions::shared().find(region);
  if (!found) misuse("shared memory is made of a region of xpc_loop_region_allocate");
  if (length == 0 || length > found->length) misuse("shared memory longer than its region, or empty");
  return Shmem::make(found->file, length).leak();
}

size_t xpc_shmem_map(xpc_object_t xshmem, void** region) {
  const auto* shmem = as<Shmem>(xshmem, XPC_TYPE_SHMEM);
  return shmem != nullptr ? shmem->map(region) : 0;
}

size_t xpc_shmem_get_length(xpc_object_t xshmem) {
  const auto* shmem = as<Shmem>(xshmem, XPC_TYPE_SHMEM);
  return shmem != nullptr ? shmem->length() : 0;
}

void* xpc_loop_region_allocate(size_t length) { return Regions::shared().allocate(length); }

void xpc_loop_region_free(void* region) {
  if (!Regions::shared().free(region)) misuse("not a region of xpc_loop_region_allocate");
}

char* xpc_rich_error_copy_description(xpc_object_t error) {
  const auto* rich = as<RichError>(error, XPC_TYPE_RICH_ERROR);
  return rich != nullptr ? strdup(rich->text().c_str()) : nullptr;
}

bool xpc_rich_error_can_retry(xpc_object_t error) {
  const auto* rich = as<RichError>(error, XPC_TYPE_RICH_ERROR);
  return rich != nullptr && rich->can_retry();
}

}  // extern "C"
