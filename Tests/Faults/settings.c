// The rates of the faults, from SIGNET_FAULTS: "seed=7 short=30 eintr=10 fsync_ms=200 control=/tmp/c report=/tmp/r".
//
// Rates are percent of the calls concerned, fractions allowed. `control` names a file of the same form, whose rates are
// laid over those of the variable while it exists; it is looked at before each call, so replacing the file (by rename)
// switches faults on and off in the running process. `report` names a file of 64-bit counts, one for each fault in the
// order of `names`, so that a test can see that what it is about did happen. `die_at=N` kills the process before its
// Nth call that changes a file, and `wall_ms=N` sets its wall clock by so many milliseconds. A call's fate is a hash of seed, fault and
// the number of the call, whichever thread makes it. State: atomics; the lock is for reading the file alone.

#define _GNU_SOURCE
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOW_SYNC = FAULTS, REPORTED };

static const char *const names[FAULTS] = {"short", "eintr", "eagain", "reset", "emfile", "enospc", "fsync_fail"};

struct settings {
  uint64_t seed;
  uint64_t rates[FAULTS];  // of 2^32
  unsigned sync_milliseconds;
  int write_errno;
  int64_t wall_milliseconds;
};

static struct settings given;
static const char *control_path;
static _Atomic uint64_t seed, rates[FAULTS], calls[FAULTS + 1];
static _Atomic unsigned slow_sync;
static _Atomic int64_t wall;
static uint64_t death;
static _Atomic uint64_t changes;
static _Atomic int no_room = ENOSPC;

static _Atomic uint64_t unreported[REPORTED];
static _Atomic uint64_t *report = unreported;

// SplitMix64 (Steele, Lea, Flood).
static uint64_t mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
  value = (value ^ value >> 27) * 0x94D049BB133111EB;
  return value ^ value >> 31;
}

static uint64_t next(unsigned kind) {
  uint64_t number = atomic_fetch_add(&calls[kind], 1);
  return mix(mix(atomic_load(&seed) + kind) ^ number);
}

static void set(struct settings *settings, const char *name, const char *value) {
  if (!strcmp(name, "seed")) settings->seed = strtoull(value, NULL, 10);
  if (!strcmp(name, "fsync_ms")) settings->sync_milliseconds = (unsigned)strtoul(value, NULL, 10);
  if (!strcmp(name, "write_errno")) settings->write_errno = (int)strtol(value, NULL, 10);
  if (!strcmp(name, "wall_ms")) settings->wall_milliseconds = strtoll(value, NULL, 10);
  if (!strcmp(name, "die_at")) death = strtoull(value, NULL, 10);
  for (int fault = 0; fault < FAULTS; fault++)
    if (!strcmp(name, names[fault])) settings->rates[fault] = (uint64_t)(strtod(value, NULL) / 100 * 0x1p32);
}

// Takes "name=value name=value" apart; `text` is changed and its pieces stay where they are.
static void parse(char *text, struct settings *settings, const char **control, const char **report_path) {
  char *rest = NULL;
  for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
    char *value = strchr(word, '=');
    if (!value) continue;
    *value++ = 0;
    set(settings, word, value);
    if (control && !strcmp(word, "control")) *control = value;
    if (report_path && !strcmp(word, "report")) *report_path = value;
  }
}

static void apply(const struct settings *settings) {
  atomic_store(&seed, settings->seed);
  atomic_store(&slow_sync, settings->sync_milliseconds);
  atomic_store(&no_room, settings->write_errno);
  atomic_store(&wall, settings->wall_milliseconds);
  for (int fault = 0; fault < FAULTS; fault++) atomic_store(&rates[fault], settings->rates[fault]);
}

// The system's own calls, since those of the library are interposed.
static void read_control(void) {
  struct settings settings = given;
  char text[512];
  int file = open(control_path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    ssize_t count = syscall(SYS_read, file, text, sizeof text - 1);
    text[count > 0 ? count : 0] = 0;
    parse(text, &settings, NULL, NULL);
    close(file);
  }
  apply(&settings);
}

static void look_at_control(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static _Atomic uint64_t seen;
  struct stat status;
  uint64_t now = 0;
  if (!control_path) return;
  if (!stat(control_path, &status))
    now = mix(mix((uint64_t)status.st_ino) ^ (uint64_t)(status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec));
  if (now == atomic_load(&seen)) return;
  pthread_mutex_lock(&lock);
  if (now != atomic_load(&seen)) read_control();
  atomic_store(&seen, now);
  pthread_mutex_unlock(&lock);
}

static void open_report(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (!syscall(SYS_ftruncate, file, (off_t)sizeof unreported)) {
    void *mapped = mmap(NULL, sizeof unreported, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) report = mapped;
  }
  close(file);
}

// Runs before `main`.
__attribute__((constructor)) static void begin(void) {
  const char *variable = getenv("SIGNET_FAULTS");
  const char *report_path = NULL;
  if (!variable) return;
  given.write_errno = ENOSPC;
  char *text = strdup(variable);
  if (!text) return;
  parse(text, &given, &control_path, &report_path);
  apply(&given);
  if (report_path) open_report(report_path);
}

bool has_fault(enum fault fault) {
  int error = errno;
  look_at_control();
  errno = error;
  uint64_t rate = atomic_load(&rates[fault]);
  if (!rate || (next(fault) >> 32) >= rate) return false;
  atomic_fetch_add(&report[fault], 1);
  return true;
}

uint64_t draw(void) { return next(FAULTS); }

void count_slow_sync(void) { atomic_fetch_add(&report[SLOW_SYNC], 1); }

unsigned sync_milliseconds(void) {
  look_at_control();
  return atomic_load(&slow_sync);
}

int write_errno(void) { return atomic_load(&no_room); }

int64_t wall_milliseconds(void) {
  int error = errno;
  look_at_control();
  errno = error;
  return atomic_load(&wall);
}

void count_change(void) {
  if (death && atomic_fetch_add(&changes, 1) + 1 == death) kill(getpid(), SIGKILL);
}
