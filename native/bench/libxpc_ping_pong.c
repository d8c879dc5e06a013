/*
 * The floor on macOS: what libxpc itself takes to carry a message to another process and back, called from C, without
 * Node. Messages are dictionaries of the same keys and kinds that every other transport of the benchmark carries.
 *
 *   libxpc_ping_pong serve --service NAME        as a launchd job with NAME among its MachServices
 *   libxpc_ping_pong latency --service NAME      one request at a time
 *   libxpc_ping_pong flight --service NAME       --in-flight requests on their way over one connection
 *   libxpc_ping_pong echo --service NAME         one request at a time that may be large
 *   libxpc_ping_pong connections --service NAME  --connections of them, each with one request under way
 *
 * Options and output: measure.h. Built with `cc -O2 -fblocks`; libxpc and libdispatch are parts of libSystem.
 */
#include <dispatch/dispatch.h>
#include <stdbool.h>
#include <xpc/xpc.h>

#include "measure.h"

/* A reply carries what its request carried, read and set as a program would. */
static void answer(xpc_connection_t peer, xpc_object_t request) {
  xpc_object_t reply = xpc_dictionary_create_reply(request);
  if (reply == NULL) return;
  size_t size = 0;
  const void *payload = xpc_dictionary_get_data(request, "payload", &size);
  const char *route = xpc_dictionary_get_string(request, "route"), *name = xpc_dictionary_get_string(request, "name");
  if (payload != NULL && route != NULL && name != NULL) {
    xpc_dictionary_set_string(reply, "route", route);
    xpc_dictionary_set_uint64(reply, "id", xpc_dictionary_get_uint64(request, "id"));
    xpc_dictionary_set_data(reply, "payload", payload, size);
    xpc_dictionary_set_string(reply, "name", name);
    xpc_dictionary_set_bool(reply, "flag", xpc_dictionary_get_bool(request, "flag"));
  }
  xpc_connection_send_message(peer, reply);
  xpc_release(reply);
}

/* Runs until launchd ends the job. */
__attribute__((noreturn)) static void serve(const char *name) {
  xpc_connection_t listener =
      xpc_connection_create_mach_service(name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_event_handler(listener, ^(xpc_object_t event) {
    if (xpc_get_type(event) != XPC_TYPE_CONNECTION) fail("%s cannot be served", name);
    xpc_connection_t peer = (xpc_connection_t)event;
    xpc_connection_set_event_handler(peer, ^(xpc_object_t message) {
      if (xpc_get_type(message) == XPC_TYPE_DICTIONARY) answer(peer, message);
    });
    xpc_connection_resume(peer);
  });
  xpc_connection_resume(listener);
  dispatch_main();
}

static xpc_object_t create_request(uint64_t id, const void *payload, size_t size) {
  xpc_object_t request = xpc_dictionary_create(NULL, NULL, 0);
  xpc_dictionary_set_string(request, "route", "bench.echo");
  xpc_dictionary_set_uint64(request, "id", id);
  xpc_dictionary_set_data(request, "payload", payload, size);
  xpc_dictionary_set_string(request, "name", "a name of some length");
  xpc_dictionary_set_bool(request, "flag", true);
  return request;
}

static void check_reply(xpc_object_t reply, uint64_t id, size_t size) {
  if (xpc_get_type(reply) != XPC_TYPE_DICTIONARY) {
    const char *text = xpc_dictionary_get_string(reply, XPC_ERROR_KEY_DESCRIPTION);
    fail("no reply: %s", text == NULL ? "it did not say why" : text);
  }
  size_t received = 0;
  const void *payload = xpc_dictionary_get_data(reply, "payload", &received);
  if (payload == NULL || received != size || xpc_dictionary_get_uint64(reply, "id") != id) fail("a reply to another request");
}

static xpc_connection_t connect_to(const char *name, dispatch_queue_t queue) {
  xpc_connection_t connection = xpc_connection_create_mach_service(name, queue, 0);
  /* What goes wrong is told by the replies. */
  xpc_connection_set_event_handler(connection, ^(xpc_object_t event) {
    (void)event;
  });
  xpc_connection_resume(connection);
  return connection;
}

static void round_trip(xpc_connection_t connection, uint64_t id, const void *payload, size_t size) {
  xpc_object_t request = create_request(id, payload, size);
  /* The shortest way there is: the reply comes to this thread, through no queue. */
  xpc_object_t reply = xpc_connection_send_message_with_reply_sync(connection, request);
  check_reply(reply, id, size);
  xpc_release(reply);
  xpc_release(request);
}

/* What is under way, touched on `queue` alone. */
struct flight {
  dispatch_queue_t queue;
  dispatch_semaphore_t done;
  const void *payload;
  size_t size;
  size_t count;
  size_t sent;
  size_t received;
};

/* Sends a request, and the next when its reply is there. */
static void send_next(struct flight *flight, xpc_connection_t connection) {
  uint64_t id = flight->sent++;
  xpc_object_t request = create_request(id, flight->payload, flight->size);
  xpc_connection_send_message_with_reply(connection, request, flight->queue, ^(xpc_object_t reply) {
    check_reply(reply, id, flight->size);
    if (flight->sent < flight->count) send_next(flight, connection);
    if (++flight->received == flight->count) dispatch_semaphore_signal(flight->done);
  });
  xpc_release(request);
}

/* `count` round trips over all connections, each with `each` requests under way. Returns µs. */
static double run_flight(struct flight *flight, const xpc_connection_t *connections, size_t number, size_t each,
                         size_t count) {
  double begin = now_us();
  flight->count = count;
  flight->sent = flight->received = 0;
  dispatch_sync(flight->queue, ^{
    for (size_t i = 0; i < number * each && flight->sent < count; i++) send_next(flight, connections[i % number]);
  });
  dispatch_semaphore_wait(flight->done, DISPATCH_TIME_FOREVER);
  return now_us() - begin;
}

static void measure_flight(const struct options *options, const void *payload) {
  bool is_many = strcmp(options->workload, "connections") == 0;
  size_t number = is_many ? options->connections : 1, each = is_many ? 1 : options->in_flight;
  struct flight flight = {.queue = dispatch_queue_create("bench", DISPATCH_QUEUE_SERIAL),
                          .done = dispatch_semaphore_create(0),
                          .payload = payload,
                          .size = options->payload};
  xpc_connection_t *connections = allocate(number * sizeof *connections);
  /* The job is started by its first message: that is no part of setting up the others. */
  round_trip(connect_to(options->service, flight.queue), 0, payload, options->payload);
  double begin = now_us();
  for (size_t i = 0; i < number; i++) connections[i] = connect_to(options->service, flight.queue);
  run_flight(&flight, connections, number, 1, number);
  double set_up = now_us() - begin;
  run_flight(&flight, connections, number, each, options->warm_up);
  print_rate(options, run_flight(&flight, connections, number, each, options->count), is_many ? set_up : 0);
}

static void measure_one(const struct options *options, const void *payload) {
  size_t size = options->payload, count = options->count;
  double *samples = allocate(count * sizeof *samples);
  xpc_connection_t connection = connect_to(options->service, NULL);
  for (size_t i = 0; i < options->warm_up; i++) round_trip(connection, i, payload, size);
  double begin = now_us(), last = begin;
  for (size_t i = 0; i < count; i++) {
    round_trip(connection, i, payload, size);
    double now = now_us();
    samples[i] = now - last;
    last = now;
  }
  if (strcmp(options->workload, "latency") == 0) print_latency(options, samples, count);
  else print_rate(options, last - begin, 0);
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  const char *workload = options.workload;
  if (options.service == NULL) fail("%s needs --service NAME", workload);
  if (strcmp(workload, "serve") == 0) serve(options.service);
  void *payload = allocate(options.payload);
  if (strcmp(workload, "flight") == 0 || strcmp(workload, "connections") == 0) measure_flight(&options, payload);
  else if (strcmp(workload, "latency") == 0 || strcmp(workload, "echo") == 0) measure_one(&options, payload);
  else fail("unknown workload %s", workload);
  return 0;
}
