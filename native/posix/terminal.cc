#include "terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <string>

#include "arguments.h"

namespace launchport {
namespace {

// Closes what is not released.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }

 private:
  int number_;
};

// What these calls are documented to fail with; libuv, which knows all names, is not to be had on macOS.
const char* name_of_error(int error) {
  switch (error) {
    case EACCES:
      return "EACCES";
    case EBADF:
      return "EBADF";
    case EIO:
      return "EIO";
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case ENODEV:
      return "ENODEV";
    case ENOENT:
      return "ENOENT";
    case ENOMEM:
      return "ENOMEM";
    case ENOSPC:
      return "ENOSPC";
    case ENOTTY:
      return "ENOTTY";
    case ENXIO:
      return "ENXIO";
    case EPERM:
      return "EPERM";
    default:
      return "EINVAL";
  }
}

// Of errno. Returns undefined.
Napi::Value throw_errno(Napi::Env env, const char* syscall) {
  const int error = errno;
  const char* const code = name_of_error(error);
  Napi::Error thrown = Napi::Error::New(env, std::string(code) + ": " + std::strerror(error) + ", " + syscall);
  thrown.Set("code", Napi::String::New(env, code));
  thrown.Set("syscall", Napi::String::New(env, syscall));
  thrown.ThrowAsJavaScriptException();
  return env.Undefined();
}

// No program that the process starts by itself gets one: it would keep the other end from seeing the end of its data.
bool make_private(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0; }

bool make_nonblocking(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

std::optional<winsize> read_size(Napi::Env env, Napi::Value columns, Napi::Value rows) {
  const std::optional<double> width = read_integer(env, columns, 0, USHRT_MAX, "columns");
  if (!width.has_value()) return std::nullopt;
  const std::optional<double> height = read_integer(env, rows, 0, USHRT_MAX, "rows");
  if (!height.has_value()) return std::nullopt;
  winsize size{};
  size.ws_col = static_cast<unsigned short>(*width);
  size.ws_row = static_cast<unsigned short>(*height);
  return size;
}

}  // namespace

Napi::Value open_terminal(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> options = read_object(info, 0, "options");
  if (!options.has_value()) return env.Undefined();
  const std::optional<winsize> size = read_size(env, options->Get("columns"), options->Get("rows"));
  if (!size.has_value()) return env.Undefined();

  Descriptor controller(posix_openpt(O_RDWR | O_NOCTTY));
  if (controller.get() < 0) return throw_errno(env, "posix_openpt");
  if (!make_private(controller.get()) || !make_nonblocking(controller.get())) return throw_errno(env, "fcntl");
  if (grantpt(controller.get()) != 0) return throw_errno(env, "grantpt");
  if (unlockpt(controller.get()) != 0) return throw_errno(env, "unlockpt");
  char path[PATH_MAX];
  if (ptsname_r(controller.get(), path, sizeof path) != 0) return throw_errno(env, "ptsname_r");
  Descriptor terminal(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal.get() < 0) return throw_errno(env, "open");
  // On macOS the size can be set once the terminal's side is open.
  if (ioctl(controller.get(), TIOCSWINSZ, &*size) != 0) return throw_errno(env, "ioctl");

  Napi::Object result = Napi::Object::New(env);
  result.Set("controller", Napi::Number::New(env, controller.release()));
  result.Set("terminal", Napi::Number::New(env, terminal.release()));
  return result;
}

Napi::Value resize_terminal(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int> controller = read_int(env, info[0], "controller");
  if (!controller.has_value()) return env.Undefined();
  const std::optional<winsize> size = read_size(env, info[1], info[2]);
  if (!size.has_value()) return env.Undefined();
  if (ioctl(*controller, TIOCSWINSZ, &*size) != 0) return throw_errno(env, "ioctl");
  return env.Undefined();
}

Napi::Value open_pipe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int ends[2];
  if (pipe(ends) != 0) return throw_errno(env, "pipe");
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  if (!make_private(reader.get()) || !make_private(writer.get())) return throw_errno(env, "fcntl");
  Napi::Object result = Napi::Object::New(env);
  result.Set("reader", Napi::Number::New(env, reader.release()));
  result.Set("writer", Napi::Number::New(env, writer.release()));
  return result;
}

void define_terminal(Napi::Env env, Napi::Object binding) {
  binding.Set("openTerminal", Napi::Function::New<open_terminal>(env, "openTerminal"));
  binding.Set("resizeTerminal", Napi::Function::New<resize_terminal>(env, "resizeTerminal"));
  binding.Set("openPipe", Napi::Function::New<open_pipe>(env, "openPipe"));
}

}  // namespace launchport
