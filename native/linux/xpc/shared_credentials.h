// Credentials that one thread sets and any thread reads.
#pragma once

#include <atomic>

#include "socket.h"

namespace xpc {

// The API asks for one number at a time, so no lock holds them together.
class SharedCredentials {
 public:
  Credentials get() const {
    return {pid_.load(std::memory_order_relaxed), uid_.load(std::memory_order_relaxed),
            gid_.load(std::memory_order_relaxed)};
  }
  void set(const Credentials& credentials) {
    pid_.store(credentials.pid, std::memory_order_relaxed);
    uid_.store(credentials.uid, std::memory_order_relaxed);
    gid_.store(credentials.gid, std::memory_order_relaxed);
  }

 private:
  std::atomic<pid_t> pid_{Credentials().pid};
  std::atomic<uid_t> uid_{Credentials().uid};
  std::atomic<gid_t> gid_{Credentials().gid};
};

}  // namespace xpc
