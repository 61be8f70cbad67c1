// What the counter of allocations writes, for the programs that read it. It offers no function: see count.c.

#ifndef MALLOC_COUNT_H
#define MALLOC_COUNT_H

#include <stdint.h>

enum { MALLOC_OBJECTS = 32, MALLOC_SITES = 8192, MALLOC_FRAMES = 12, MALLOC_NAME = 56 };

// One loaded object and the allocations that its own code asked for.
struct malloc_object {
  char name[MALLOC_NAME];
  uint64_t count;
};

// One way to an allocation: the callers' addresses in the executable, the innermost first; 0 for one elsewhere.
struct malloc_site {
  uint64_t key, count, bytes;
  uint64_t frames[MALLOC_FRAMES];
};

// The mapped file. The first object is the executable, the last stands for every one that was loaded later.
struct malloc_counts {
  uint64_t records_sites;  // set from outside, so that a start and a warming up can be left out
  struct malloc_object objects[MALLOC_OBJECTS];
  struct malloc_site sites[MALLOC_SITES];
};

#endif
