// A connected SOCK_SEQPACKET socket. Non-blocking, close-on-exec; never raises SIGPIPE.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace xpc {

// Owns one file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;  // -1 when empty
};

// Who is at the other end, as the kernel says. All ones while unknown, but for the pid, which is 0.
struct Credentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

class Socket {
 public:
  enum class Status {
    done,
    // Nothing to read, or no room to write: poll.
    again,
    // Receiving: the peer is gone with our bytes unread. What it sent before can still be read.
    reset,
    // The peer is gone, or the socket unusable.
    closed,
    // Sending: the packet is larger than the socket takes.
    too_large,
  };

  struct Received {
    Status status = Status::done;
    size_t length = 0;
    // The packet did not fit; the rest is lost.
    bool is_truncated = false;
    // The sender of the packet; only while identifying.
    std::optional<Credentials> sender;
  };

  Socket() = default;
  explicit Socket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  // Never blocks. On failure the socket is empty and `error` an errno value, EAGAIN when the backlog is full.
  static Socket connect(const std::string& path, int& error);

  int descriptor() const { return descriptor_.get(); }
  explicit operator bool() const { return static_cast<bool>(descriptor_); }

  // Who called connect(), or listen() at the other end. Unknown on failure.
  Credentials peer() const;
  // A pidfd of that process; empty when the kernel gives none.
  Descriptor peer_process() const;
  // Whether received packets name their sender. Takes effect for packets sent from now on.
  void set_identifying(bool is_identifying);

  // Asks for a send buffer of so many bytes; the system may give less.
  void set_send_buffer(int length);

  // One packet from the given parts.
  Status send(std::span<const iovec> parts);
  // One packet into the given parts.
  Received receive(std::span<iovec> parts);

 private:
  Descriptor descriptor_;
  bool is_identifying_ = false;
};

}  // namespace xpc
