#include "shmem.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "encoder.h"
#include "regions.h"

namespace xpc {
namespace {

// A memfd of ordinary pages: those of huge ones can fail to be there when touched, which would be SIGBUS.
bool is_lasting_memory(int file) {
  const int seals = fcntl(file, F_GET_SEALS);
  struct statfs system{};
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && fstatfs(file, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

}  // namespace

Ref<Object> Shmem::make(std::shared_ptr<const Descriptor> file, size_t length) {
  return Ref<Object>::adopt(new Shmem(std::move(file), length));
}

Ref<Object> Shmem::receive(Descriptor file, uint64_t length) {
  // The seal first: what it says of the size then stays true.
  struct stat status{};
  if (length == 0 || !is_lasting_memory(file.get()) || fstat(file.get(), &status) != 0) return nullptr;
  if (length > static_cast<uint64_t>(status.st_size) || page_rounded(length) == 0) return nullptr;
  return make(std::make_shared<const Descriptor>(std::move(file)), length);
}

size_t Shmem::map(void** start) const {
  const size_t length = page_rounded(length_);
  void* mapping = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, file_->get(), 0);
  if (mapping == MAP_FAILED) return 0;
  *start = mapping;
  return length;
}

bool Shmem::equals(const Object& other) const {
  const auto& theirs = static_cast<const Shmem&>(other);
  return length_ == theirs.length_ && is_same_file(*file_, *theirs.file_);
}

size_t Shmem::hash() const { return combine_hash(length_, hash_file(*file_)); }

void Shmem::describe(std::string& text) const { text += ": { length = " + std::to_string(length_) + " bytes }"; }

void Shmem::encode(Encoder& encoder) const {
  encoder.write_right(TypeWord::shmem, *this, file_->get());
  encoder.write_value(uint64_t{length_});
}

}  // namespace xpc
