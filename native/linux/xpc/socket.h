// A connected SOCK_SEQPACKET socket. Non-blocking, close-on-exec; never raises SIGPIPE.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "rights.h"

namespace xpc {

// Who is at the other end, as the kernel says. All ones while unknown, but for the pid, which is 0.
struct Credentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);

  bool operator==(const Credentials&) const = default;
};

class Socket {
 public:
  enum class Status {
    done,
    // Nothing to read, or no room to write: poll.
    again,
    // Sending: this process or system is short of something. Polling does not tell when that ends.
    exhausted,
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
    // The packet or what came with it did not fit; the rest is lost.
    bool is_truncated = false;
    // The sender of the packet; only while identifying.
    std::optional<Credentials> sender;
    // A pidfd of the sender, while identifying with processes and when the kernel gives one.
    Descriptor process;
    // The descriptors that came with the packet.
    ReceivedRights rights;
  };

  Socket() = default;
  explicit Socket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  // Never blocks. On failure the socket is empty and `error` an errno value, EAGAIN when the backlog is full.
  static Socket connect(const std::string& path, int& error);
  // Two that are connected to each other. Returns 0 or an errno value.
  static int pair(Socket& first, Socket& second);

  int descriptor() const { return descriptor_.get(); }
  const Descriptor& owned() const { return descriptor_; }
  // Whether it is of the kind that this class is for; one that another process sent may be anything.
  bool is_connected_packet_socket() const;
  explicit operator bool() const { return static_cast<bool>(descriptor_); }

  // Who called connect(), or listen() at the other end. Unknown on failure.
  Credentials peer() const;
  // Gives a pidfd of that process, or none when the kernel has no such thing. False when the process is gone.
  bool peer_process(Descriptor& process) const;
  // Whether received packets name their sender. Takes effect for packets sent from now on.
  void set_identifying(bool is_identifying);
  // Besides, they give a pidfd of it, until they name it no more.
  void identify_processes();

  // Asks for a send buffer of so many bytes; the system may give less.
  void set_send_buffer(int length);

  // One packet from the given parts, with at most wire::kMostRights descriptors.
  Status send(std::span<const iovec> parts, std::span<const int> rights = {}) const;
  // One packet into the given parts.
  Received receive(std::span<iovec> parts) const;

 private:
  Descriptor descriptor_;
  bool is_identifying_processes_ = false;
};

}  // namespace xpc
