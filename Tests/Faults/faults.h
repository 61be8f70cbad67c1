// Which calls of the system fail, and whether this one does. The calls themselves are in calls.c.

#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

// What can go wrong; the names of the settings, in the same order, stand in settings.c.
enum fault {
  FAULT_SHORT,       // a part of the bytes only
  FAULT_EINTR,       // a signal came first
  FAULT_EAGAIN,      // a non-blocking socket that isn't ready after all
  FAULT_RESET,       // the peer is gone: ECONNRESET
  FAULT_EMFILE,      // no descriptor left for accept4
  FAULT_ENOSPC,      // no room for a write to a file, or what write_errno says instead
  FAULT_FSYNC_FAIL,  // EIO from fsync and fdatasync
  FAULTS,
};

// Whether this call has that fault; counts the call, and the fault when it has.
bool has_fault(enum fault fault);

// A number drawn from the seed, for the size of a short read or write.
uint64_t draw(void);

// Counts a fault that has no rate.
void count_slow_sync(void);

// How long an fsync takes, in milliseconds.
unsigned sync_milliseconds(void);

// By how much the wall clock is wrong, in milliseconds.
int64_t wall_milliseconds(void);

// Counts a call that changes a file, and kills the process at the one that `die_at` names.
void count_change(void);

// The errno of a write that finds no room.
int write_errno(void);

#endif
