// What Swift's Glibc module lacks of Linux: epoll, eventfd, accept4, socket filters and per-thread facts.
#pragma once
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc declares accept4 under _GNU_SOURCE only, which a Clang module cannot rely on.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

// epoll_event is packed and its data a union: Swift sees plain words instead.
static inline int signet_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll, operation, fd, &event);
}

struct signet_event {
  uint64_t tag;
  uint32_t events;
};

// As many events as one call of epoll_wait yields.
#define SIGNET_EVENTS 256

static inline int signet_epoll_wait(int epoll, struct signet_event *out, int milliseconds) {
  struct epoll_event events[SIGNET_EVENTS];
  int count = epoll_wait(epoll, events, SIGNET_EVENTS, milliseconds);
  for (int i = 0; i < count; i++) {
    out[i].tag = events[i].data.u64;
    out[i].events = events[i].events;
  }
  return count;
}

// Has the kernel drop every segment with SYN that comes for this TCP listener (byte 13 of its header holds the flags).
static inline int signet_ignore_new_connections(int fd) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
