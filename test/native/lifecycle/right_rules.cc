// Descriptors and shared memory: who owns what, and for how long.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "rule.h"

using namespace lifecycle;

namespace {

// Owns one descriptor.
class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() { reset(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }
  operator int() const { return number_; }

 private:
  int number_;
};

int make_file() { return memfd_create("rule", MFD_CLOEXEC); }

bool is_same_file(int a, int b) {
  struct stat left{};
  struct stat right{};
  return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_ino == right.st_ino && left.st_dev == right.st_dev;
}

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

RULE(fd_of_no_descriptor_is_null) {
  EXPECT(xpc_fd_create(-1) == nullptr);
  EXPECT(xpc_fd_create(1'000'000) == nullptr);
}

RULE(fd_is_a_duplicate) {
  File file(make_file());
  const Held boxed(xpc_fd_create(file));
  EXPECT(xpc_get_type(boxed) == XPC_TYPE_FD);
  file.reset();
  const File duplicate(xpc_fd_dup(boxed));
  EXPECT(duplicate >= 0 && write(duplicate, "x", 1) == 1);
}

RULE(fd_dup_is_new_each_time) {
  const File file(make_file());
  const Held boxed(xpc_fd_create(file));
  const File first(xpc_fd_dup(boxed));
  const File second(xpc_fd_dup(boxed));
  EXPECT(first >= 0 && second >= 0 && first != second && first != file);
  EXPECT(is_same_file(first, file) && is_same_file(second, file));
  EXPECT((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
}

RULE(fd_dup_of_another_type) {
  const Held number(xpc_int64_create(1));
  EXPECT(xpc_fd_dup(number) == -1);
}

RULE(fds_equal_only_themselves) {
  const File file(make_file());
  const Held first(xpc_fd_create(file));
  const Held second(xpc_fd_create(file));
  EXPECT(xpc_equal(first, first) && !xpc_equal(first, second));
}

RULE(container_with_an_fd_equals_no_other) {
  const File file(make_file());
  const Held left = message(1);
  const Held right = message(1);
  xpc_dictionary_set_value(left, "fd", Held(xpc_fd_create(file)));
  xpc_dictionary_set_value(right, "fd", Held(xpc_fd_create(file)));
  EXPECT(xpc_equal(left, left) && !xpc_equal(left, right));
}

RULE(copy_with_an_fd_is_another) {
  const File file(make_file());
  const Held original = message(1);
  xpc_dictionary_set_value(original, "fd", Held(xpc_fd_create(file)));
  const Held copy(xpc_copy(original));
  EXPECT(copy != nullptr && !xpc_equal(copy, original));
  const File duplicate(xpc_fd_dup(xpc_dictionary_get_value(copy, "fd")));
  EXPECT(is_same_file(duplicate, file));
}

RULE(received_fd_is_one_object) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const File file(make_file());
  Held kept(nullptr);
  bench.set_action([&](xpc_connection_t, xpc_object_t message) {
    const xpc_object_t first = xpc_dictionary_get_value(message, "fd");
    if (first == xpc_dictionary_get_value(message, "fd")) kept = Held(xpc_retain(first));
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "fd", Held(xpc_fd_create(file)));
  xpc_connection_send_message(client, sent);
  UNTIL(kept != nullptr);
  bench.settle();
  const File duplicate(xpc_fd_dup(kept));
  EXPECT(is_same_file(duplicate, file));
}

RULE(received_fd_can_be_sent_on) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const File file(make_file());
  bench.set_action([](xpc_connection_t peer, xpc_object_t message) { xpc_connection_send_message(peer, message); });
  int received = -1;
  xpc_connection_set_event_handler(client, [&](xpc_object_t message) {
    if (xpc_get_type(message) == XPC_TYPE_DICTIONARY) received = xpc_fd_dup(xpc_dictionary_get_value(message, "fd"));
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "fd", Held(xpc_fd_create(file)));
  xpc_connection_send_message(client, sent);
  UNTIL(received != -1);
  const File arrived(received);
  EXPECT(is_same_file(arrived, file));
}

RULE(fd_arrives_as_the_same_open_file) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  File file(make_file());
  EXPECT(write(file, "0123456789", 10) == 10);
  EXPECT(lseek(file, 4, SEEK_SET) == 4);
  int received = -1;
  bench.set_action([&](xpc_connection_t, xpc_object_t message) {
    received = xpc_fd_dup(xpc_dictionary_get_value(message, "fd"));
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "fd", Held(xpc_fd_create(file)));
  xpc_connection_send_message(client, sent);
  UNTIL_NOTED("peer message 1");
  const File arrived(received);
  EXPECT(arrived >= 0 && arrived != file && is_same_file(arrived, file));
  EXPECT((fcntl(arrived, F_GETFD) & FD_CLOEXEC) != 0);
  // The offset is of the open file, so both ends have it.
  char byte = 0;
  EXPECT(read(arrived, &byte, 1) == 1 && byte == '4');
  EXPECT(lseek(file, 0, SEEK_CUR) == 5);
}

RULE(reply_may_carry_an_fd) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const File file(make_file());
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    const Held reply(xpc_dictionary_create_reply(question));
    xpc_dictionary_set_value(reply, "fd", Held(xpc_fd_create(file)));
    xpc_connection_send_message(peer, reply);
  });
  int received = -1;
  const Held question = message(1);
  xpc_connection_send_message_with_reply(client, question, nullptr, [&](xpc_object_t reply) {
    received = xpc_get_type(reply) == XPC_TYPE_DICTIONARY ? xpc_fd_dup(xpc_dictionary_get_value(reply, "fd")) : -1;
    bench.note("reply");
  });
  UNTIL_NOTED("reply");
  const File arrived(received);
  EXPECT(arrived >= 0 && is_same_file(arrived, file));
}

RULE(fds_arrive_in_their_places) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  std::array<std::string, 3> texts;
  bench.set_action([&](xpc_connection_t, xpc_object_t message) {
    const xpc_object_t list = xpc_dictionary_get_value(message, "list");
    for (size_t index = 0; index < texts.size(); ++index) {
      const File file(xpc_fd_dup(xpc_array_get_value(list, index)));
      char text[8] = {};
      if (pread(file, text, sizeof text - 1, 0) > 0) texts[index] = text;
    }
  });
  const Held sent = message(1);
  const Held list(xpc_array_create(nullptr, 0));
  for (const char* text : {"a", "b", "c"}) {
    const File file(make_file());
    EXPECT(write(file, text, 1) == 1);
    xpc_array_append_value(list, Held(xpc_fd_create(file)));
  }
  xpc_dictionary_set_value(sent, "list", list);
  xpc_connection_send_message(client, sent);
  UNTIL_NOTED("peer message 1");
  EXPECT(texts[0] == "a" && texts[1] == "b" && texts[2] == "c");
}

// The bench counts this process's descriptors around each rule.
RULE(fds_nobody_receives_are_closed) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const File file(make_file());
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "fd", Held(xpc_fd_create(file)));
  // Received and not looked at, on its way to one that ends, and never sent.
  xpc_connection_send_message(client, sent);
  UNTIL_NOTED("peer message 1");
  xpc_connection_suspend(bench.peers().front());
  xpc_connection_send_message(client, sent);
  bench.settle();
  xpc_connection_cancel(bench.peers().front());
  xpc_connection_resume(bench.peers().front());
  xpc_connection_suspend(client);
  xpc_connection_send_message(client, sent);
  xpc_connection_cancel(client);
  xpc_connection_resume(client);
  UNTIL_NOTED("client invalid");
}

RULE(shmem_of_malloc_memory_aborts) {
  void* const memory = std::malloc(page_size());
  xpc_shmem_create(memory, page_size());
}

RULE(shmem_map_is_rounded_up_to_pages) {
  const size_t length = page_size() + 1;
  void* const region = xpc_loop_region_allocate(length);
  EXPECT(region != nullptr);
  const Held memory(xpc_shmem_create(region, length));
  EXPECT(xpc_get_type(memory) == XPC_TYPE_SHMEM);
  void* mapped = nullptr;
  const size_t size = xpc_shmem_map(memory, &mapped);
  EXPECT(size == 2 * page_size());
  EXPECT(munmap(mapped, size) == 0);
  xpc_loop_region_free(region);
}

RULE(shmem_is_shared_and_zeroed) {
  const size_t length = page_size();
  auto* const region = static_cast<char*>(xpc_loop_region_allocate(length));
  for (size_t index = 0; index < length; ++index) EXPECT(region[index] == 0);
  const Held memory(xpc_shmem_create(region, length));
  void* first = nullptr;
  void* second = nullptr;
  const size_t size = xpc_shmem_map(memory, &first);
  EXPECT(size == length && xpc_shmem_map(memory, &second) == size && first != second);
  std::strcpy(region, "here");
  EXPECT(std::strcmp(static_cast<char*>(first), "here") == 0);
  std::strcpy(static_cast<char*>(second), "back");
  EXPECT(std::strcmp(region, "back") == 0);
  munmap(first, size);
  munmap(second, size);
  xpc_loop_region_free(region);
}

RULE(shmem_outlives_its_region) {
  auto* const region = static_cast<char*>(xpc_loop_region_allocate(page_size()));
  std::strcpy(region, "kept");
  Held memory(xpc_shmem_create(region, page_size()));
  xpc_loop_region_free(region);
  void* mapped = nullptr;
  const size_t size = xpc_shmem_map(memory, &mapped);
  EXPECT(size > 0);
  // And a mapping outlives the object.
  memory.reset();
  EXPECT(std::strcmp(static_cast<char*>(mapped), "kept") == 0);
  munmap(mapped, size);
}

RULE(shmem_map_of_another_type) {
  const Held number(xpc_int64_create(1));
  void* mapped = nullptr;
  EXPECT(xpc_shmem_map(number, &mapped) == 0);
}

RULE(shmem_arrives_as_the_same_memory) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  auto* const region = static_cast<char*>(xpc_loop_region_allocate(page_size()));
  void* mapped = nullptr;
  size_t size = 0;
  bench.set_action([&](xpc_connection_t, xpc_object_t message) {
    size = xpc_shmem_map(xpc_dictionary_get_value(message, "memory"), &mapped);
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "memory", Held(xpc_shmem_create(region, page_size())));
  xpc_connection_send_message(client, sent);
  UNTIL_NOTED("peer message 1");
  EXPECT(size == page_size());
  std::strcpy(region, "there");
  EXPECT(std::strcmp(static_cast<char*>(mapped), "there") == 0);
  munmap(mapped, size);
  xpc_loop_region_free(region);
}
