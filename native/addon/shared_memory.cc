#include "shared_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "arguments.h"
#include "external_buffer.h"
#include "platform.h"

namespace launchport {
namespace {

const char* name_of_error(int error) {
  switch (error) {
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case EINVAL:
      return "EINVAL";
    case EPERM:
      return "EPERM";
    default:
      return "ENOMEM";
  }
}

Problem system_problem(const char* what, int error) {
  return {name_of_error(error), std::string(what) + ": " + std::strerror(error)};
}

}  // namespace

MemoryRegion::~MemoryRegion() {
  if (origin_ == Origin::allocated) {
    platform::free_region(start_, size_);
  } else {
    munmap(start_, size_);
  }
}

std::shared_ptr<SharedMemory> SharedMemory::create(size_t byte_length, Problem* problem) {
  void* const start = platform::allocate_region(byte_length);
  if (start == nullptr) {
    *problem = system_problem("shared memory cannot be made", errno);
    return nullptr;
  }
  auto region = std::make_shared<MemoryRegion>(start, byte_length, MemoryRegion::Origin::allocated);
  Object object = Object::adopt(xpc_shmem_create(start, byte_length));
  if (!object) {
    *problem = system_problem("shared memory cannot be made", ENOMEM);
    return nullptr;
  }
  auto memory = std::make_shared<SharedMemory>(std::move(object), byte_length);
  memory->region_ = std::move(region);
  return memory;
}

bool SharedMemory::map() {
  void* start = nullptr;
  errno = 0;
  // Whole pages: what lies beyond the announced length is nobody's business.
  const size_t size = xpc_shmem_map(object_.get(), &start);
  if (size == 0) return false;
  region_ = std::make_shared<MemoryRegion>(start, size, MemoryRegion::Origin::mapped);
  if (size >= byte_length_) return true;
  region_.reset();
  errno = EINVAL;
  return false;
}

Napi::Value SharedMemory::buffer(Napi::Env env) {
  if (!buffer_.IsEmpty()) {
    const Napi::ArrayBuffer known = buffer_.Value();
    if (!known.IsEmpty()) return known;
    buffer_.Reset();
  }
  if (region_ == nullptr && !map()) {
    throw_problem(env, system_problem("shared memory cannot be mapped", errno == 0 ? ENOMEM : errno));
    return env.Undefined();
  }
  auto owner = std::make_unique<std::shared_ptr<MemoryRegion>>(region_);
  napi_value buffer = nullptr;
  const napi_status status = create_external_buffer(env, region_->start(), byte_length_, owner, &buffer);
  if (status == napi_ok) {
    // Weak: JavaScript releases the memory when nobody can reach the buffer any more.
    buffer_ = Napi::Reference<Napi::ArrayBuffer>::New(Napi::ArrayBuffer(env, buffer), 0);
    return Napi::Value(env, buffer);
  }
  if (status == napi_no_external_buffers_allowed) {
    throw_problem(env, Problem::not_supported("this engine allows no buffers over memory that it did not allocate"));
  } else {
    throw_problem(env, system_problem("shared memory cannot be shown", ENOMEM));
  }
  return env.Undefined();
}

void SharedMemory::detach() {
  if (!buffer_.IsEmpty()) {
    const Napi::HandleScope scope(buffer_.Env());
    const Napi::ArrayBuffer known = buffer_.Value();
    // A buffer that JavaScript has transferred is another one now, and keeps the region.
    if (!known.IsEmpty()) napi_detach_arraybuffer(buffer_.Env(), known);
    buffer_.Reset();
  }
  region_.reset();
}

}  // namespace launchport
