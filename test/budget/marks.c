// Loaded before the C library, so that the workload can tell callgrind where a phase begins and ends: getppid(2), which
// nothing else calls meanwhile. Callgrind counts from the first call on, which leaves the warm-up fast.
#include <sys/types.h>
#include <valgrind/callgrind.h>

pid_t getppid(void) {
  static int is_counting = 0;
  if (is_counting) {
    CALLGRIND_DUMP_STATS;
  } else {
    is_counting = 1;
    CALLGRIND_START_INSTRUMENTATION;
  }
  return 0;
}
