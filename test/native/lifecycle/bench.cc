#include "bench.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace lifecycle {
namespace {

constexpr uint64_t kDeadlineMilliseconds = 10'000;
constexpr int kSettlingTurns = 50;
constexpr char kServiceName[] = "com.example.lifecycle";

}  // namespace

Held message(int64_t number) {
  const Held value(xpc_int64_create(number));
  const char* const key = "n";
  const xpc_object_t values[] = {value.get()};
  return Held(xpc_dictionary_create(&key, values, 1));
}

int64_t number_of(xpc_object_t message) {
  const xpc_object_t value = xpc_dictionary_get_value(message, "n");
  return value != nullptr ? xpc_int64_get_value(value) : 0;
}

std::string name_of(xpc_object_t event) {
  if (event == XPC_ERROR_CONNECTION_INTERRUPTED) return "interrupted";
  if (event == XPC_ERROR_CONNECTION_INVALID) return "invalid";
  if (event == XPC_ERROR_TERMINATION_IMMINENT) return "terminating";
  if (event == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT) return "requirement";
  if (xpc_get_type(event) == XPC_TYPE_CONNECTION) return "peer";
  if (xpc_get_type(event) == XPC_TYPE_DICTIONARY) return "message " + std::to_string(number_of(event));
  return "something else";
}

void answer(xpc_connection_t peer, xpc_object_t message) {
  const Held reply(xpc_dictionary_create_reply(message));
  if (reply == nullptr) return;
  const Held number(xpc_int64_create(number_of(message)));
  xpc_dictionary_set_value(reply, "n", number);
  xpc_connection_send_message(peer, reply);
}

Bench::Bench() : action_(answer) {
  uv_loop_init(&loop_);
  queue_ = xpc_loop_queue_create(&loop_);
  // Waiting for an event must block, not spin.
  xpc_loop_queue_set_active(queue_, true);
  const char* const parent = std::getenv("TMPDIR");
  folder_ = std::string(parent != nullptr ? parent : "/tmp") + "/launchport-rule-XXXXXX";
  if (mkdtemp(folder_.data()) == nullptr) fail(__LINE__, "mkdtemp");
  path_ = folder_ + "/s";
}

Bench::~Bench() {
  xpc_loop_queue_close(queue_);
  for (const xpc_connection_t connection : owned_) xpc_release(connection);
  uv_run(&loop_, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop_) != 0) std::abort();
  close_service();
  rmdir(folder_.c_str());
}

xpc_connection_t Bench::own(xpc_connection_t connection) {
  owned_.push_back(connection);
  return connection;
}

void Bench::note_events(xpc_connection_t connection, std::string name) {
  xpc_connection_set_event_handler(connection,
                                   [this, name](xpc_object_t event) { note(name + " " + name_of(event)); });
}

xpc_connection_t Bench::client(std::string name) {
  const xpc_connection_t client = own(xpc_connection_create_mach_service(kServiceName, queue_, 0));
  xpc_connection_set_socket_path(client, path_.c_str());
  note_events(client, std::move(name));
  return client;
}

xpc_connection_t Bench::listener() {
  open_service();
  const xpc_connection_t listener =
      own(xpc_connection_create_mach_service(kServiceName, queue_, XPC_CONNECTION_MACH_SERVICE_LISTENER));
  xpc_connection_set_listening_socket(listener, descriptor_);
  note_events(listener, "listener");
  return listener;
}

xpc_connection_t Bench::service() {
  const xpc_connection_t created = listener();
  serve(created);
  return created;
}

xpc_connection_t Bench::anonymous_service() {
  const xpc_connection_t listener = own(xpc_connection_create(nullptr, queue_));
  serve(listener);
  return listener;
}

void Bench::serve(xpc_connection_t listener) {
  xpc_connection_set_event_handler(listener, [this](xpc_object_t event) {
    note("listener " + name_of(event));
    if (xpc_get_type(event) != XPC_TYPE_CONNECTION) return;
    const auto peer = own(static_cast<xpc_connection_t>(xpc_retain(event)));
    peers_.push_back(peer);
    const std::string name = peers_.size() == 1 ? "peer" : "peer" + std::to_string(peers_.size());
    xpc_connection_set_event_handler(peer, [this, peer, name](xpc_object_t event) {
      note(name + " " + name_of(event));
      if (xpc_get_type(event) == XPC_TYPE_DICTIONARY && action_) action_(peer, event);
    });
    xpc_connection_activate(peer);
  });
  xpc_connection_activate(listener);
}

xpc_connection_t Bench::connected_client() {
  const xpc_connection_t connected = client();
  xpc_connection_activate(connected);
  request(connected, 0);
  if (!until([&] { return has("client reply message 0"); })) fail(__LINE__, "no first reply");
  clear_log();
  return connected;
}

void Bench::open_service() {
  if (descriptor_ >= 0) return;
  descriptor_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path_.c_str());
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(__LINE__, "bind");
  if (listen(descriptor_, SOMAXCONN) != 0) fail(__LINE__, "listen");
}

void Bench::close_service() {
  if (descriptor_ < 0) return;
  close(std::exchange(descriptor_, -1));
  unlink(path_.c_str());
}

void Bench::request(xpc_connection_t connection, int64_t number, const std::string& name) {
  const Held question = message(number);
  xpc_connection_send_message_with_reply(connection, question, nullptr, [this, name](xpc_object_t reply) {
    note(name + " reply " + name_of(reply));
  });
}

size_t Bench::count(const std::string& what) const {
  return static_cast<size_t>(std::count(log_.begin(), log_.end(), what));
}

bool Bench::until(const std::function<bool()>& condition) {
  uv_timer_t timer;
  bool is_late = false;
  uv_timer_init(&loop_, &timer);
  timer.data = &is_late;
  const auto ring = [](uv_timer_t* rung) { *static_cast<bool*>(rung->data) = true; };
  uv_timer_start(&timer, ring, kDeadlineMilliseconds, 0);
  while (!condition() && !is_late) uv_run(&loop_, UV_RUN_ONCE);
  bool is_closed = false;
  timer.data = &is_closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), [](uv_handle_t* closed) { *static_cast<bool*>(closed->data) = true; });
  while (!is_closed) uv_run(&loop_, UV_RUN_NOWAIT);
  return !is_late;
}

void Bench::settle() {
  for (int turn = 0; turn < kSettlingTurns; ++turn) uv_run(&loop_, UV_RUN_NOWAIT);
}

void Bench::fail(int line, const char* what) {
  if (!problem_.empty()) return;
  problem_ = "line " + std::to_string(line) + ": " + what + "\nwhat happened:";
  for (const std::string& entry : log_) problem_ += "\n  " + entry;
}

}  // namespace lifecycle
