// Error texts without a C library.
#include "system.h"

#include <errno.h>

namespace launchport::sandbox {

const char* meaning_of(long error) {
  switch (error) {
    case ENOENT: return "no such file or directory";
    case EACCES: return "permission denied";
    case EPERM: return "operation not permitted";
    case ENOEXEC: return "not a program of this machine";
    case ENOTDIR: return "a part of the path is no directory";
    case EISDIR: return "is a directory";
    case ELOOP: return "too many symbolic links";
    case E2BIG: return "arguments and environment are too long";
    case ENOMEM: return "no memory left";
    case EAGAIN: return "too many processes";
    case EROFS: return "read-only file system";
    case ETXTBSY: return "is being written to";
    case EINVAL: return "invalid argument";
    default: return nullptr;
  }
}

void complain(const char* what, const char* name, long error) {
  Line line;
  line.text("launchport: ").text(what).text(" ").text(name).text(": ");
  const char* const meaning = meaning_of(error);
  if (meaning == nullptr) {
    line.text("error ").number(static_cast<uint64_t>(error));
  } else {
    line.text(meaning);
  }
  line.text("\n").write_to(2);
}

}  // namespace launchport::sandbox
