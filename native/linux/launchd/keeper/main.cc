// launchport-keeper: holds duplicates of a supervisor's listening sockets, so that the kernel keeps the clients which
// wait on them when the supervisor is killed.
//
//   launchport-keeper SOCKET UNATTENDED_MS
//
// Descriptor 3 is the listening socket at SOCKET, on which supervisors connect; see protocol.h. It ends when it is
// told to, and without a supervisor after UNATTENDED_MS, or when somebody has removed its socket's file.
// One thread, no allocation after the start: it must still work when the machine has no memory left.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "protocol.h"
#include "send_record.h"

namespace launchport::keeper {
namespace {

// How often it looks for its socket's file while no supervisor is there.
constexpr int64_t kLookMs = 1000;

struct Entry {
  int descriptor;
  uint64_t tag;
  uint32_t name_size;
  char name[kMaxName + 1];
};

Entry entries[kCapacity];  // the first `entry_count`, in the order in which they came
uint32_t entry_count = 0;
int clients[kMaxClients];
uint32_t client_count = 0;

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

Entry* find(const Record& record) {
  Entry* const end = entries + entry_count;
  Entry* const found = std::find_if(entries, end, [&record](const Entry& entry) {
    return entry.name_size == record.name_size && std::memcmp(entry.name, record.name, entry.name_size) == 0;
  });
  return found == end ? nullptr : found;
}

bool is_listening_socket(int descriptor) {
  int flag = 0;
  socklen_t size = sizeof flag;
  return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &flag, &size) == 0 && flag != 0;
}

// Takes the descriptor over when it returns 0.
int store(const Record& record, int descriptor) {
  if (record.name_size == 0 || descriptor < 0 || !is_listening_socket(descriptor)) return EINVAL;
  if (Entry* const known = find(record)) {
    close(known->descriptor);
    known->descriptor = descriptor;
    known->tag = record.tag;
    return 0;
  }
  if (entry_count == kCapacity) return ENOSPC;
  Entry& entry = entries[entry_count++];
  entry.descriptor = descriptor;
  entry.tag = record.tag;
  entry.name_size = record.name_size;
  std::memcpy(entry.name, record.name, record.name_size);
  return 0;
}

void remove(const Record& record) {
  Entry* const entry = find(record);
  if (entry == nullptr) return;
  close(entry->descriptor);
  std::copy(entry + 1, entries + entry_count, entry);
  --entry_count;
}

// False when the client does not read its answers.
bool send_answer(int client, const Record& answer, int descriptor) {
  return send_record(client, answer, descriptor, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof answer);
}

// Reads one record and at most one descriptor. 1 for a good one, 0 for nothing there, -1 for one to hang up on.
int receive(int client, Record* record, int* descriptor) {
  iovec part = {record, sizeof *record};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(client, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  // The padding of the buffer has room for a second one; what is beyond it the kernel closes.
  int received[2];
  size_t count = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < here && count < 2; ++i) {
      std::memcpy(&received[count++], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
    }
  }
  const bool is_whole = size == static_cast<ssize_t>(sizeof *record) && (message.msg_flags & MSG_TRUNC) == 0;
  const bool is_good = is_whole && record->magic == kMagic && record->name_size <= kMaxName && count <= 1 &&
                       (count == 0 || record->operation == kStore);
  if (is_good) {
    *descriptor = count == 1 ? received[0] : -1;
    return 1;
  }
  for (size_t i = 0; i < count; ++i) close(received[i]);
  return -1;
}

// Answers one record. False to hang up.
bool serve(int client, bool* is_over) {
  Record record;
  int descriptor = -1;
  const int state = receive(client, &record, &descriptor);
  if (state <= 0) return state == 0;
  Record answer = {};
  answer.magic = kMagic;
  answer.operation = record.operation;
  answer.pid = getpid();
  int given = -1;
  switch (record.operation) {
    case kHello:
      break;
    case kStore:
      answer.status = store(record, descriptor);
      if (answer.status != 0 && descriptor >= 0) close(descriptor);
      break;
    case kRemove:
      remove(record);
      break;
    case kTake:
      if (record.index >= entry_count) {
        answer.status = ENOENT;
        break;
      }
      given = entries[record.index].descriptor;
      answer.index = record.index;
      answer.tag = entries[record.index].tag;
      answer.name_size = entries[record.index].name_size;
      std::memcpy(answer.name, entries[record.index].name, answer.name_size);
      break;
    case kEnd:
      *is_over = true;
      break;
    default:
      return false;
  }
  answer.count = entry_count;
  return send_answer(client, answer, given);
}

void welcome() {
  const int client = accept4(kListener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid()) {
    clients[client_count++] = client;
  } else {
    close(client);
  }
}

bool is_file_there(const char* path, const struct stat& own) {
  struct stat found;
  return lstat(path, &found) == 0 && found.st_dev == own.st_dev && found.st_ino == own.st_ino;
}

// Serves until it is time to end.
void run(const char* path, int64_t unattended_ms) {
  struct stat own;
  if (lstat(path, &own) != 0) return;
  int64_t alone_since = now_ms();
  for (;;) {
    pollfd polls[kMaxClients + 1];
    // Full, it accepts nobody: who is next waits.
    polls[0] = {client_count < kMaxClients ? kListener : -1, POLLIN, 0};
    for (uint32_t i = 0; i < client_count; ++i) polls[i + 1] = {clients[i], POLLIN, 0};
    const uint32_t polled = client_count;
    const bool is_alone = polled == 0;
    const int64_t rest = alone_since + unattended_ms - now_ms();
    if (is_alone && rest <= 0) break;
    const int timeout = is_alone ? static_cast<int>(std::min(kLookMs, rest)) : -1;
    const int ready = poll(polls, polled + 1, timeout);
    if (ready < 0 && errno != EINTR) return;
    if (ready < 0) continue;
    if (ready == 0 && is_alone && !is_file_there(path, own)) return;
    bool is_over = false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < polled; ++i) {
      const bool stays = polls[i + 1].revents == 0 || serve(clients[i], &is_over);
      if (is_over) break;
      if (stays) {
        clients[kept++] = clients[i];
      } else {
        close(clients[i]);
      }
    }
    if (is_over) break;
    client_count = kept;
    if (polls[0].revents != 0) welcome();
    if (!is_alone && client_count == 0) alone_since = now_ms();
  }
  // Only its own: a supervisor may have put the next keeper's there.
  if (is_file_there(path, own)) unlink(path);
}

}  // namespace
}  // namespace launchport::keeper

int main(int argc, char** argv) {
  using namespace launchport::keeper;
  if (argc != 3 || !is_listening_socket(kListener)) return 64;
  char* end = nullptr;
  const long long unattended_ms = std::strtoll(argv[2], &end, 10);
  if (end == argv[2] || *end != '\0' || unattended_ms <= 0) return 64;
  for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGQUIT}) ::signal(signal, SIG_IGN);
  // One descriptor per socket, and a few of its own.
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  prctl(PR_SET_NAME, "lp-keeper");
  // A client that connected already waits; from now on connections show this process as the listener's.
  fcntl(kListener, F_SETFD, FD_CLOEXEC);
  fcntl(kListener, F_SETFL, O_NONBLOCK);
  run(argv[1], unattended_ms);
  return 0;
}
