/*
 * The floor on Linux: what the system itself takes to carry the bytes of a message to another process and back, with
 * one AF_UNIX SOCK_SEQPACKET socket for each connection and epoll at both ends, and nothing done to the bytes. Nothing
 * that does more can be faster, apart from packing several messages into one packet, which this does not do.
 *
 *   floor latency       one request at a time
 *   floor flight        --in-flight requests on their way over one connection, one packet each
 *   floor echo          one request at a time that may be large: packets of 64 KiB, the same memory each time
 *   floor connections   --connections of them, each with one request under way
 *   floor activate      [-- PROGRAM ARGUMENT...]  how long a service that is started for its first client takes to
 *                       reply; without a program, the smallest one that does
 *
 * Options and output: measure.h. Client and server are processes of their own; the server ends with the client.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { PACKET = 64 * 1024, EVENTS = 256, FIRST_PASSED = 3 };

static void pin(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((unsigned)core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail("core %d: %s", core, strerror(errno));
}

/* A child that does not outlive us. Returns whether this is the child. */
static bool fork_child(pid_t *child) {
  pid_t parent = getpid();
  fflush(stdout);
  *child = fork();
  if (*child < 0) fail("fork: %s", strerror(errno));
  if (*child > 0) return false;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  return true;
}

/* Listens at a name that the kernel chooses: there is no file to leave behind. */
static int listen_anywhere(int type, struct sockaddr_un *address, socklen_t *length) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  *length = sizeof *address;
  if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)address, length) != 0)
    fail("listen: %s", strerror(errno));
  return fd;
}

static int connect_to(int type, const struct sockaddr_un *address, socklen_t length) {
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)address, length) != 0) fail("connect: %s", strerror(errno));
  return fd;
}

static void set_up_connection(int fd) {
  int size = 1 << 20; /* as much as the system lets us; the default holds three packets */
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl: %s", strerror(errno));
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
}

static int wait_readable(int epoll, struct epoll_event *events) {
  int count;
  while ((count = epoll_wait(epoll, events, EVENTS, -1)) < 0 && errno == EINTR) continue;
  if (count < 0) fail("epoll_wait: %s", strerror(errno));
  return count;
}

static void wait_for(int fd, short events) {
  struct pollfd entry = {.fd = fd, .events = events};
  if (poll(&entry, 1, -1) < 0 && errno != EINTR) fail("poll: %s", strerror(errno));
}

/* One packet; whether there was room for it. */
static bool try_send(int fd, const char *bytes, size_t size) {
  ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) fail("send: %s", strerror(errno));
  return sent >= 0;
}

static void send_message(int fd, const char *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    size_t part = size - done < PACKET ? size - done : PACKET;
    if (try_send(fd, bytes + done, part)) done += part;
    else wait_for(fd, POLLOUT);
  }
}

/* The bytes of one packet, 0 at the end of the connection, -1 when there is none yet. */
static ssize_t receive_packet(int fd, char *bytes, size_t room) {
  ssize_t size;
  while ((size = recv(fd, bytes, room, 0)) < 0 && errno == EINTR) continue;
  if (size < 0 && errno != EAGAIN && errno != ECONNRESET) fail("recv: %s", strerror(errno));
  return size < 0 && errno == ECONNRESET ? 0 : size;
}

/* Echoes whole messages until the last connection has ended. Large ones come over a single connection only. */
static void serve(int listener, size_t size, bool drains) {
  struct epoll_event events[EVENTS];
  int epoll = epoll_create1(EPOLL_CLOEXEC), connections = 0;
  char *bytes = allocate(size);
  size_t received = 0;
  if (fcntl(listener, F_SETFL, O_NONBLOCK) != 0) fail("fcntl: %s", strerror(errno));
  watch(epoll, listener);
  for (;;) {
    int count = wait_readable(epoll, events);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        for (int client; (client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0; connections++) {
          set_up_connection(client);
          watch(epoll, client);
        }
        if (errno != EAGAIN) fail("accept: %s", strerror(errno));
        continue;
      }
      for (ssize_t part; (part = receive_packet(fd, bytes + received, size - received)) >= 0;) {
        if (part == 0) {
          close(fd);
          if (--connections == 0) _exit(0);
          break;
        }
        received += (size_t)part;
        if (received < size) continue;
        received = 0;
        send_message(fd, bytes, size);
        if (!drains) break; /* nothing more can be there: spare the call that finds that out */
      }
    }
  }
}

/* One message there and back. */
static void round_trip(int fd, int epoll, const char *request, char *reply, size_t size, uint64_t id) {
  struct epoll_event events[EVENTS];
  memcpy((char *)request, &id, sizeof id);
  send_message(fd, request, size);
  for (size_t received = 0; received < size;) {
    wait_readable(epoll, events);
    for (ssize_t part; received < size && (part = receive_packet(fd, reply + received, size - received)) >= 0;) {
      if (part == 0) fail("the server ended");
      received += (size_t)part;
    }
  }
  if (memcmp(request, reply, sizeof id) != 0) fail("a reply to another request");
}

/* Keeps `in_flight` requests on their way, until `count` replies are there. */
static void run_in_flight(int fd, int epoll, char *request, char *reply, size_t size, size_t in_flight, size_t count) {
  struct epoll_event events[EVENTS];
  uint64_t sent = 0, received = 0, id;
  while (received < count) {
    bool is_full = false;
    while (sent < count && sent - received < in_flight && !is_full) {
      memcpy(request, &sent, sizeof sent);
      if (try_send(fd, request, size)) sent++;
      else is_full = true;
    }
    /* Either end may have to wait for the other to read: never wait for room alone. */
    if (is_full) wait_for(fd, POLLIN | POLLOUT);
    else wait_readable(epoll, events);
    for (ssize_t part; sent > received && (part = receive_packet(fd, reply, size)) >= 0; received++) {
      memcpy(&id, reply, sizeof id);
      if ((size_t)part != size || id != received) fail("a reply to another request");
    }
  }
}

/* One request under way over each connection, until `count` replies are there. The first are sent already. */
static void run_connections(int epoll, const char *request, char *reply, size_t size, size_t count, size_t under_way) {
  struct epoll_event events[EVENTS];
  for (size_t sent = under_way, received = 0; received < count;) {
    int ready = wait_readable(epoll, events);
    for (int i = 0; i < ready; i++) {
      ssize_t part = receive_packet(events[i].data.fd, reply, size);
      if ((size_t)part != size) fail("a reply of another size");
      received++;
      if (sent == count) continue;
      send_message(events[i].data.fd, request, size);
      sent++;
    }
  }
}

static void measure_connections(const struct options *options, const struct sockaddr_un *address, socklen_t length) {
  size_t size = options->payload + ENVELOPE, number = options->connections;
  char *request = allocate(size), *reply = allocate(size);
  int epoll = epoll_create1(EPOLL_CLOEXEC), *fds = allocate(number * sizeof *fds);
  double begin = now_us();
  for (size_t i = 0; i < number; i++) {
    fds[i] = connect_to(SOCK_SEQPACKET, address, length);
    set_up_connection(fds[i]);
    watch(epoll, fds[i]);
    send_message(fds[i], request, size);
  }
  run_connections(epoll, request, reply, size, number, number);
  double set_up = now_us() - begin;
  for (int round = 0; round < 2; round++) { /* the first warms up */
    size_t count = round == 0 ? options->warm_up : options->count;
    begin = now_us();
    for (size_t i = 0; i < number && i < count; i++) send_message(fds[i], request, size);
    run_connections(epoll, request, reply, size, count, number < count ? number : count);
  }
  print_rate(options, now_us() - begin, set_up);
}

static void measure_one(const struct options *options, const struct sockaddr_un *address, socklen_t length) {
  size_t size = options->payload + ENVELOPE, count = options->count;
  char *request = allocate(size), *reply = allocate(size);
  double *samples = allocate(count * sizeof *samples), begin;
  int epoll = epoll_create1(EPOLL_CLOEXEC), fd = connect_to(SOCK_SEQPACKET, address, length);
  set_up_connection(fd);
  watch(epoll, fd);
  if (strcmp(options->workload, "flight") == 0) {
    run_in_flight(fd, epoll, request, reply, size, options->in_flight, options->warm_up);
    begin = now_us();
    run_in_flight(fd, epoll, request, reply, size, options->in_flight, count);
    print_rate(options, now_us() - begin, 0);
    return;
  }
  for (size_t i = 0; i < options->warm_up; i++) round_trip(fd, epoll, request, reply, size, i);
  begin = now_us();
  double last = begin;
  for (size_t i = 0; i < count; i++) {
    round_trip(fd, epoll, request, reply, size, i);
    double now = now_us();
    samples[i] = now - last;
    last = now;
  }
  if (strcmp(options->workload, "latency") == 0) print_latency(options, samples, count);
  else print_rate(options, last - begin, 0);
}

/*
 * Starts the program each time somebody connects, with the listening socket as descriptor 3 and LISTEN_FDS=1. Says
 * through `idle` that none runs any more: the end of one is no part of the start of the next.
 */
static void activate(int listener, int idle, char **program) {
  for (;;) {
    if (write(idle, "i", 1) != 1) fail("write: %s", strerror(errno));
    wait_for(listener, POLLIN);
    pid_t service;
    if (fork_child(&service)) {
      char pid[16];
      snprintf(pid, sizeof pid, "%d", getpid());
      setenv("LISTEN_FDS", "1", 1);
      setenv("LISTEN_PID", pid, 1);
      if (listener == FIRST_PASSED) fcntl(listener, F_SETFD, 0);
      else dup2(listener, FIRST_PASSED);
      execvp(program[0], program);
      fail("%s: %s", program[0], strerror(errno));
    }
    int status;
    while (waitpid(service, &status, 0) < 0 && errno == EINTR) continue;
    if (status != 0) fail("%s ended with status %d", program[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
}

/* The smallest service: a client, a byte, the byte back, and gone with the client. */
static void serve_activated(void) {
  char byte;
  int fd = accept4(FIRST_PASSED, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) fail("accept: %s", strerror(errno));
  while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1) continue;
  _exit(0);
}

/* From before the client connects until the reply is there. */
static void measure_activation(const struct options *options, const struct sockaddr_un *address, socklen_t length,
                               int idle) {
  double *samples = allocate(options->count * sizeof *samples);
  size_t warm_up = options->warm_up;
  for (size_t i = 0; i < warm_up + options->count; i++) {
    char byte;
    if (read(idle, &byte, 1) != 1) fail("the activator ended");
    double begin = now_us();
    int fd = connect_to(SOCK_STREAM, address, length);
    if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1) fail("the service did not reply");
    if (i >= warm_up) samples[i - warm_up] = now_us() - begin;
    close(fd);
  }
  print_latency(options, samples, options->count);
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  const char *workload = options.workload;
  if (strcmp(workload, "serve-activated") == 0) serve_activated();
  bool activates = strcmp(workload, "activate") == 0, is_many = strcmp(workload, "connections") == 0;
  bool is_flight = strcmp(workload, "flight") == 0;
  if (!activates && !is_many && !is_flight && strcmp(workload, "latency") != 0 && strcmp(workload, "echo") != 0)
    fail("unknown workload %s", workload);
  if ((is_many || is_flight) && options.payload + ENVELOPE > PACKET) fail("%s takes up to a packet", workload);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  struct sockaddr_un address;
  socklen_t length;
  int listener = listen_anywhere(activates ? SOCK_STREAM : SOCK_SEQPACKET, &address, &length);
  char *smallest[] = {"/proc/self/exe", "serve-activated", NULL};
  int idle[2];
  if (pipe2(idle, O_CLOEXEC) != 0) fail("pipe: %s", strerror(errno));
  pid_t server;
  if (fork_child(&server)) {
    pin(options.server_core);
    close(idle[0]);
    if (activates) activate(listener, idle[1], options.rest != NULL && options.rest[0] != NULL ? options.rest : smallest);
    serve(listener, options.payload + ENVELOPE, is_flight);
  }
  close(listener);
  close(idle[1]);
  pin(options.client_core);
  if (activates) measure_activation(&options, &address, length, idle[0]);
  else if (is_many) measure_connections(&options, &address, length);
  else measure_one(&options, &address, length);
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  return 0;
}
