// An object for LD_PRELOAD that gives an unmodified program a bad day: the system's calls fail as settings.c decides.
//
// Each function here stands before the C library's of the same name and hands on what it lets pass. Sockets and regular
// files alone are touched: an eventfd, a signalfd, a pipe or a terminal always works. Standard output and error may be
// files, which take what comes but in pieces: a log that lost the reason would hide what a test looks for. What the
// kernel does by itself (memory-mapped files, the shared index of SQLite's log) can't be broken from here.

#define _GNU_SOURCE
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The next definition of the function in which it stands.
#define REAL(name) \
  static _Atomic(__typeof__(name) *) real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static mode_t kind(int descriptor) {
  struct stat status;
  int error = errno;
  mode_t mode = fstat(descriptor, &status) ? 0 : status.st_mode & S_IFMT;
  errno = error;
  return mode;
}

static bool fail(int error) {
  errno = error;
  return true;
}

// Small pieces as often as large ones.
static void cut(size_t *count) {
  if (*count < 2 || !has_fault(FAULT_SHORT)) return;
  uint64_t number = draw();
  size_t most = (size_t)1 << (number & 15);
  *count = 1 + (number >> 8) % (*count - 1 < most ? *count - 1 : most);
}

// A blocking socket never has EAGAIN.
static bool is_nonblocking(int descriptor) { return fcntl(descriptor, F_GETFL) & O_NONBLOCK; }

static bool socket_fails(int descriptor, size_t *count) {
  if (has_fault(FAULT_EINTR)) return fail(EINTR);
  if (has_fault(FAULT_EAGAIN) && is_nonblocking(descriptor)) return fail(EAGAIN);
  if (has_fault(FAULT_RESET)) return fail(ECONNRESET);
  cut(count);
  return false;
}

static bool file_read_fails(size_t *count) {
  if (has_fault(FAULT_EINTR)) return fail(EINTR);
  cut(count);
  return false;
}

static bool file_write_fails(int descriptor, size_t *count) {
  if (descriptor > 2) count_change();
  if (descriptor > 2 && has_fault(FAULT_ENOSPC)) return fail(write_errno());
  return file_read_fails(count);
}

static bool read_fails(int descriptor, size_t *count) {
  mode_t mode = kind(descriptor);
  if (mode == S_IFSOCK) return socket_fails(descriptor, count);
  return mode == S_IFREG && file_read_fails(count);
}

static bool write_fails(int descriptor, size_t *count) {
  mode_t mode = kind(descriptor);
  if (mode == S_IFSOCK) return socket_fails(descriptor, count);
  return mode == S_IFREG && file_write_fails(descriptor, count);
}

// In steps, so that mending the system ends what is slow already: a test keeps a disk stuck for as long as it likes.
static bool sync_fails(void) {
  if (sync_milliseconds()) count_slow_sync();
  for (unsigned done = 0, left; done < (left = sync_milliseconds()); done += 10) {
    left -= done;
    struct timespec step = {0, (left < 10 ? left : 10) * 1000000L};
    nanosleep(&step, NULL);
  }
  return has_fault(FAULT_FSYNC_FAIL) && fail(EIO);
}

ssize_t recv(int descriptor, void *bytes, size_t count, int flags) {
  REAL(recv);
  return socket_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count, flags);
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
  REAL(send);
  return socket_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count, flags);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
  REAL(read);
  return read_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(write);
  return write_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count);
}

// A short one ends within the first piece, or is whole.
ssize_t readv(int descriptor, const struct iovec *pieces, int count) {
  REAL(readv);
  struct iovec first = count > 0 ? pieces[0] : (struct iovec){0};
  if (read_fails(descriptor, &first.iov_len)) return -1;
  return count > 0 && first.iov_len < pieces[0].iov_len ? real(descriptor, &first, 1) : real(descriptor, pieces, count);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
  REAL(writev);
  struct iovec first = count > 0 ? pieces[0] : (struct iovec){0};
  if (write_fails(descriptor, &first.iov_len)) return -1;
  return count > 0 && first.iov_len < pieces[0].iov_len ? real(descriptor, &first, 1) : real(descriptor, pieces, count);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  REAL(pread);
  return file_read_fails(&count) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
  REAL(pread64);
  return file_read_fails(&count) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  REAL(pwrite);
  return file_write_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  REAL(pwrite64);
  return file_write_fails(descriptor, &count) ? -1 : real(descriptor, bytes, count, offset);
}

int ftruncate(int descriptor, off_t length) {
  REAL(ftruncate);
  count_change();
  return has_fault(FAULT_ENOSPC) && fail(write_errno()) ? -1 : real(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length) {
  REAL(ftruncate64);
  count_change();
  return has_fault(FAULT_ENOSPC) && fail(write_errno()) ? -1 : real(descriptor, length);
}

int fsync(int descriptor) {
  REAL(fsync);
  count_change();
  return sync_fails() ? -1 : real(descriptor);
}

int fdatasync(int descriptor) {
  REAL(fdatasync);
  count_change();
  return sync_fails() ? -1 : real(descriptor);
}

// What waits in the backlog stays there.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags) {
  REAL(accept4);
  if (has_fault(FAULT_EMFILE) && fail(EMFILE)) return -1;
  if (has_fault(FAULT_EINTR) && fail(EINTR)) return -1;
  if (has_fault(FAULT_EAGAIN) && is_nonblocking(descriptor) && fail(EAGAIN)) return -1;
  return real(descriptor, address, length, flags);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds) {
  REAL(epoll_wait);
  return has_fault(FAULT_EINTR) && fail(EINTR) ? -1 : real(epoll, events, most, milliseconds);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  count_change();
  return real(from, to);
}

int link(const char *from, const char *to) {
  REAL(link);
  count_change();
  return real(from, to);
}

int unlink(const char *path) {
  REAL(unlink);
  count_change();
  return real(path);
}

// The wall clock alone is set, as an operator would do it.
int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(clock_gettime);
  int result = real(clock, time);
  if (result || clock != CLOCK_REALTIME) return result;
  int64_t nanoseconds = time->tv_nsec + wall_milliseconds() % 1000 * 1000000;
  time->tv_sec += wall_milliseconds() / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
  time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
  return result;
}
