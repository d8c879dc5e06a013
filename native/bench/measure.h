/*
 * What the C programs of the benchmark share: their command line, a clock, and results as one line of JSON each.
 *
 *   PROGRAM WORKLOAD --payload BYTES --count N [--warm-up N] [--in-flight N] [--connections N]
 *                    [--cores CLIENT,SERVER] (Linux) [--service NAME] (macOS)
 *
 * A message is the payload and ENVELOPE bytes for what a typed message carries besides: a route, an id, a name and a
 * flag, and their keys. Rates in bytes count the payload once for each echo; MB are 10^6 bytes.
 */
#pragma once

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENVELOPE = 96, BUCKETS_PER_DECADE = 40, BUCKETS = 400 };

struct options {
  const char *workload;
  size_t payload;
  size_t count;   /* round trips measured */
  size_t warm_up; /* round trips before them */
  size_t in_flight;
  size_t connections;
  int client_core; /* -1: wherever the system puts it */
  int server_core;
  const char *service; /* name of a Mach service, where there are some */
  char **rest;         /* what stands after `--` */
};

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  _Exit(1);
}

static inline double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static inline size_t parse_number(const char *option, const char *text) {
  char *end;
  errno = 0;
  unsigned long long value = text == NULL || *text < '0' || *text > '9' ? 0 : strtoull(text, &end, 10);
  if (value == 0 || errno != 0 || *end != '\0' || value > 1ull << 32) fail("%s takes a number above 0", option);
  return (size_t)value;
}

/* Reads a command line. Wrong ones end the program. */
static inline struct options parse_options(int argc, char **argv) {
  struct options options = {
      .payload = 64, .in_flight = 1, .connections = 1, .client_core = -1, .server_core = -1};
  if (argc < 2) fail("usage: %s WORKLOAD [--OPTION VALUE]...", argv[0]);
  options.workload = argv[1];
  for (int i = 2; i < argc; i += 2) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(name, "--") == 0) {
      options.rest = &argv[i + 1];
      break;
    }
    if (strcmp(name, "--payload") == 0) options.payload = parse_number(name, value);
    else if (strcmp(name, "--count") == 0) options.count = parse_number(name, value);
    else if (strcmp(name, "--warm-up") == 0) options.warm_up = parse_number(name, value);
    else if (strcmp(name, "--in-flight") == 0) options.in_flight = parse_number(name, value);
    else if (strcmp(name, "--connections") == 0) options.connections = parse_number(name, value);
    else if (strcmp(name, "--service") == 0 && value != NULL) options.service = value;
    else if (strcmp(name, "--cores") == 0) {
      char after;
      int read = value == NULL ? 0 : sscanf(value, "%d,%d%c", &options.client_core, &options.server_core, &after);
      if (read != 2 || options.client_core < 0 || options.server_core < 0) fail("--cores takes two numbers: 0,1");
    } else fail("unknown option %s", name);
  }
  if (options.count == 0) options.count = 1000;
  if (options.warm_up == 0) options.warm_up = options.count / 10 + 1;
  return options;
}

static inline void *allocate(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL) fail("out of memory");
  memset(memory, 0x5a, size); /* so that no page is missing when it is timed */
  return memory;
}

static inline int compare_doubles(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The value that a share of the samples does not exceed. They are sorted. */
static inline double quantile(const double *samples, size_t count, double share) {
  size_t index = (size_t)ceil((double)count * share);
  return samples[index == 0 ? 0 : index - 1];
}

/* Prints how samples, in µs, are spread, and how many there are up to each of 40 bounds to a factor of ten. */
static inline void print_latency(const struct options *options, double *samples, size_t count) {
  static size_t buckets[BUCKETS + 1];
  qsort(samples, count, sizeof *samples, compare_doubles);
  for (size_t i = 0; i < count; i++) {
    double index = samples[i] <= 1e-2 ? 0 : ceil((log10(samples[i]) + 2) * BUCKETS_PER_DECADE);
    buckets[index > BUCKETS ? BUCKETS : (size_t)index]++;
  }
  printf("{\"workload\":\"%s\",\"payload\":%zu,\"count\":%zu,\"min\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,"
         "\"p999\":%.3f,\"max\":%.3f,\"buckets\":[",
         options->workload, options->payload, count, samples[0], quantile(samples, count, 0.5),
         quantile(samples, count, 0.9), quantile(samples, count, 0.99), quantile(samples, count, 0.999),
         samples[count - 1]);
  const char *separator = "";
  for (size_t i = 0; i <= BUCKETS; i++) {
    if (buckets[i] == 0) continue;
    printf("%s[%.6g,%zu]", separator, pow(10, (double)i / BUCKETS_PER_DECADE - 2), buckets[i]);
    separator = ",";
  }
  printf("]}\n");
}

/* Prints what was done in `elapsed` µs; `set_up` µs for all connections, 0 where that is not asked. */
static inline void print_rate(const struct options *options, double elapsed, double set_up) {
  double perSecond = (double)options->count / elapsed * 1e6;
  printf("{\"workload\":\"%s\",\"payload\":%zu,\"inFlight\":%zu,\"connections\":%zu,\"count\":%zu,"
         "\"messagesPerSecond\":%.1f,\"megabytesPerSecond\":%.3f",
         options->workload, options->payload, options->in_flight, options->connections, options->count, perSecond,
         perSecond * (double)options->payload / 1e6);
  if (set_up > 0) printf(",\"connectionsPerSecond\":%.1f", (double)options->connections / set_up * 1e6);
  printf("}\n");
}
