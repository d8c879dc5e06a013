// How a rule is written: RULE(name) { … } with a `bench`. The first check that does not hold ends it.
#pragma once

#include <vector>

#include "bench.h"

namespace lifecycle {

struct Rule {
  const char* name;
  void (*prove)(Bench& bench);
};

// Filled before main, read-only after.
std::vector<Rule>& rules();

struct Registration {
  Registration(const char* name, void (*prove)(Bench&)) { rules().push_back({name, prove}); }
};

}  // namespace lifecycle

#define RULE(name)                                                      \
  static void name(lifecycle::Bench& bench);                            \
  static const lifecycle::Registration name##_registration(#name, name); \
  static void name([[maybe_unused]] lifecycle::Bench& bench)

#define EXPECT(...)                                             \
  do {                                                          \
    if (!(__VA_ARGS__)) return bench.fail(__LINE__, #__VA_ARGS__); \
  } while (false)

// What has happened so far, in order, is exactly this.
#define EXPECT_LOG(...) EXPECT(bench.log() == lifecycle::Bench::Log{__VA_ARGS__})

#define UNTIL(...)                                                                              \
  do {                                                                                          \
    if (!bench.until([&] { return (__VA_ARGS__); })) return bench.fail(__LINE__, "never: " #__VA_ARGS__); \
  } while (false)

#define UNTIL_NOTED(what) UNTIL(bench.has(what))
