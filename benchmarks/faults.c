/* Faults of a machine, on order: loaded into a process by LD_PRELOAD, controlled through a small shared file.

   FAULTS_CONTROL names the file, eight numbers of 64 bits:
     0 writes counted so far   1 the first that fails (0: none)   2 how many fail (0: all from then on)   3 with which errno
     4 added to the wall clock, ns   5 not 0: there are no file locks   6 writes that have failed   7 not used
   FAULTS_UNDER is the folder whose writes count: opening to make or change a file, writing, cutting, syncing, renaming,
   linking, making folders. Beside the control file, CONTROL.log gets a line per write that was made to fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *control;
static const char *under;
static char told[4096];

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULTS_CONTROL");
    under = getenv("FAULTS_UNDER");
    if (!file || !under) return;
    int descriptor = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    void *place = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    syscall(SYS_close, descriptor);
    if (place == MAP_FAILED) return;
    snprintf(told, sizeof told, "%s.log", file);
    control = place;
}

static int mine(const char *path) { return control && path && strncmp(path, under, strlen(under)) == 0; }

/* Whether this write, of that kind and in that place, must fail; errno is set then. */
static int fails(const char *kind, const char *path) {
    int64_t number = __sync_add_and_fetch(&control[0], 1), first = control[1], count = control[2];
    if (!first || number < first || (count && number >= first + count)) return 0;
    __sync_add_and_fetch(&control[6], 1);
    char line[4600];
    int size = snprintf(line, sizeof line, "%lld %s %s\n", (long long)number, kind, path);
    int log = syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (log >= 0) {
        syscall(SYS_write, log, line, size < (int)sizeof line ? size : (int)sizeof line);
        syscall(SYS_close, log);
    }
    errno = (int)control[3];
    return 1;
}

static int fails_by_path(const char *kind, int folder, const char *path) {
    char whole[8192], place[64], start[4096];
    if (!control || !path) return 0;
    if (path[0] != '/') {
        ssize_t size;
        if (folder == AT_FDCWD) snprintf(place, sizeof place, "/proc/self/cwd");
        else snprintf(place, sizeof place, "/proc/self/fd/%d", folder);
        size = syscall(SYS_readlinkat, AT_FDCWD, place, start, sizeof start - 1);
        if (size < 0) return 0;
        start[size] = 0;
        snprintf(whole, sizeof whole, "%s/%s", start, path);
        path = whole;
    }
    return mine(path) && fails(kind, path);
}

static int fails_by_descriptor(const char *kind, int descriptor) {
    char place[64], path[4096];
    if (!control) return 0;
    int before = errno;
    snprintf(place, sizeof place, "/proc/self/fd/%d", descriptor);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, place, path, sizeof path - 1);
    errno = before;
    if (size < 0) return 0;
    path[size] = 0;
    return mine(path) && fails(kind, path);
}

#define REAL(name, type, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int d, const void *b, size_t n) {
    REAL("write", ssize_t, int, const void *, size_t);
    return fails_by_descriptor("write", d) ? -1 : real(d, b, n);
}
ssize_t pwrite64(int d, const void *b, size_t n, off64_t o) {
    REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
    return fails_by_descriptor("write", d) ? -1 : real(d, b, n, o);
}
ssize_t pwrite(int d, const void *b, size_t n, off_t o) { return pwrite64(d, b, n, o); }
ssize_t writev(int d, const struct iovec *v, int n) {
    REAL("writev", ssize_t, int, const struct iovec *, int);
    return fails_by_descriptor("write", d) ? -1 : real(d, v, n);
}
int ftruncate64(int d, off64_t o) {
    REAL("ftruncate64", int, int, off64_t);
    return fails_by_descriptor("cut", d) ? -1 : real(d, o);
}
int ftruncate(int d, off_t o) { return ftruncate64(d, o); }
int fsync(int d) {
    REAL("fsync", int, int);
    return fails_by_descriptor("sync", d) ? -1 : real(d);
}
int fdatasync(int d) {
    REAL("fdatasync", int, int);
    return fails_by_descriptor("sync", d) ? -1 : real(d);
}
int rename(const char *a, const char *b) {
    REAL("rename", int, const char *, const char *);
    return fails_by_path("rename", AT_FDCWD, b) ? -1 : real(a, b);
}
int renameat(int x, const char *a, int y, const char *b) {
    REAL("renameat", int, int, const char *, int, const char *);
    return fails_by_path("rename", y, b) ? -1 : real(x, a, y, b);
}
int link(const char *a, const char *b) {
    REAL("link", int, const char *, const char *);
    return fails_by_path("link", AT_FDCWD, b) ? -1 : real(a, b);
}
int linkat(int x, const char *a, int y, const char *b, int f) {
    REAL("linkat", int, int, const char *, int, const char *, int);
    return fails_by_path("link", y, b) ? -1 : real(x, a, y, b, f);
}
int mkdir(const char *a, mode_t m) {
    REAL("mkdir", int, const char *, mode_t);
    return fails_by_path("mkdir", AT_FDCWD, a) ? -1 : real(a, m);
}
int mkdirat(int x, const char *a, mode_t m) {
    REAL("mkdirat", int, int, const char *, mode_t);
    return fails_by_path("mkdir", x, a) ? -1 : real(x, a, m);
}

static int opened(int folder, const char *path, int flags, va_list more) {
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    if ((flags & (O_CREAT | O_TRUNC)) && fails_by_path("open", folder, path)) return -1;
    return (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, mode);
}
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); \
        int found = opened(AT_FDCWD, path, flags, more); \
        va_end(more); return found; \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); \
        int found = opened(folder, path, flags, more); \
        va_end(more); return found; \
    }
OPENAT(openat)
OPENAT(openat64)

static int lockless(int descriptor) {
    char place[64], path[4096];
    if (!control || !control[5]) return 0;
    snprintf(place, sizeof place, "/proc/self/fd/%d", descriptor);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, place, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    if (!mine(path)) return 0;
    errno = ENOLCK;
    return 1;
}
int flock(int d, int what) {
    REAL("flock", int, int, int);
    return lockless(d) ? -1 : real(d, what);
}
static int locks(int what) {
    return what == F_GETLK || what == F_SETLK || what == F_SETLKW || what == F_OFD_GETLK || what == F_OFD_SETLK
        || what == F_OFD_SETLKW;
}
#define FCNTL(name) \
    int name(int d, int what, ...) { \
        va_list more; va_start(more, what); void *argument = va_arg(more, void *); va_end(more); \
        if (locks(what) && lockless(d)) return -1; \
        REAL(#name, int, int, int, ...); \
        return real(d, what, argument); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int clock_gettime(clockid_t clock, struct timespec *found) {
    int status = (int)syscall(SYS_clock_gettime, clock, found);
    if (status == 0 && control && control[4] && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = found->tv_sec * 1000000000LL + found->tv_nsec + control[4];
        found->tv_sec = ns / 1000000000LL;
        found->tv_nsec = ns % 1000000000LL;
    }
    return status;
}
int gettimeofday(struct timeval *found, void *zone) {
    struct timespec now;
    (void)zone;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    if (status == 0) { found->tv_sec = now.tv_sec; found->tv_usec = now.tv_nsec / 1000; }
    return status;
}
time_t time(time_t *place) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
