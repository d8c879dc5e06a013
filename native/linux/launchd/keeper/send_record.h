// How a record leaves, with or without a descriptor beside it: the same for the keeper and for its supervisor.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

#include "protocol.h"

namespace launchport::keeper {

// What sendmsg(2) says of one packet; `descriptor` goes along unless it is negative.
inline ssize_t send_record(int socket, const Record& record, int descriptor, int flags) {
  Record copy = record;
  iovec part = {&copy, sizeof copy};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

}  // namespace launchport::keeper
