/* SPDX-License-Identifier: BSD-2-Clause */
/* Throw-away places for archives to unpack into. */
#include "world.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "safe/archive.h"
#include "safe/tree.h"

static char top[] = "/tmp/ioc-attack-XXXXXX";
char where[128];		/* the present world */
int world = -1;
int failures;
struct ioc_error err;

void
check(bool good, const char *name, const char *what, const char *detail)
{
	if (good)
		return;
	failures++;
	(void)printf("FAIL  %s: %s%s%s\n", name, what,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

void
new_world(void)
{
	static unsigned n;
	int fd;

	ioc_fd_close(&world);
	(void)snprintf(where, sizeof(where), "%s/%u", top, n++);
	if (mkdir(where, 0755) != 0 ||
	    (world = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    mkdirat(world, "target", 0700) != 0 ||
	    mkdirat(world, "outdir", 0755) != 0 ||
	    (fd = openat(world, "victim", O_WRONLY | O_CREAT | O_CLOEXEC,
	    0600)) < 0 || write(fd, "host", 4) != 4 || close(fd) != 0)
		abort();
}

size_t
entries(const char *path)
{
	auto_dir DIR *d = NULL;
	int fd = openat(world, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0 || (d = fdopendir(fd)) == NULL)
		abort();
	while (readdir(d) != NULL)
		n++;
	return (n - 2);
}

bool
is(const char *path, struct stat *st)
{
	return (fstatat(world, path, st, AT_SYMLINK_NOFOLLOW) == 0);
}

bool
contains(const char *path, const char *text)
{
	auto_fd int fd = openat(world, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char buf[256] = { 0 };

	return (fd >= 0 && read(fd, buf, sizeof(buf) - 1) >= 0 &&
	    strcmp(buf, text) == 0);
}

bool
swept(void)
{
	struct stat st;

	return (ioc_tree_remove(world, "target", NULL) == 0 &&
	    !is("target", &st) && !outside());
}

bool
outside(void)
{
	struct stat st, dir;

	return (!contains("victim", "host") || !is("victim", &st) ||
	    st.st_nlink != 1 || (st.st_mode & 07777) != 0600 ||
	    entries("outdir") != 0 || !is("outdir", &dir) ||
	    (dir.st_mode & 07777) != 0755);
}

int
unpack_fd(int in, bool devices, bool setid, uint64_t max_entries)
{
	auto_fd int dir = openat(world, "target",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"),
		.in_fds = &in,
		.nin = 1,
		.dir_fd = dir,
		.record_fd = -1,
		.devices = devices,
		.setid = setid,
		.max_entries = max_entries,
	};

	memset(&err, 0, sizeof(err));
	return (ioc_archive_extract(&a, &err));
}

int
file_of(const void *data, size_t len)
{
	int fd = openat(world, "archive", O_RDWR | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	return (fd);
}

int
unpack(const struct ioc_buf *b, bool devices, bool setid)
{
	auto_fd int in = file_of(b->data, b->len);

	return (unpack_fd(in, devices, setid, 0));
}

void
run_twin(struct twin *t, const struct ioc_buf *b)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int target = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);

	if (here < 0 || target < 0 || fchdir(t->join ? world : target) != 0)
		abort();
	twin_extract(t, b->data, b->len);
	if (fchdir(here) != 0)
		abort();
	(void)close(here);
	(void)close(target);
}

double
children_seconds(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_CHILDREN, &u);
	return ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

static void
remove_worlds(void)
{
	char *const argv[] = { (char[]){ "/bin/rm" }, (char[]){ "-rf" }, top,
	    NULL };
	pid_t pid;

	ioc_fd_close(&world);
	/* Some of it is longer than PATH_MAX, which rm(1) can. */
	pid = fork();
	if (pid == 0) {
		(void)execv(argv[0], argv);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}

int
worlds_run(const char *variable, const char *without,
    void (*const parts[])(void))
{
	const char *why = variable != NULL && getenv(variable) == NULL ?
	    without : geteuid() != 0 ? "not root: extraction sets owners" : NULL;

	if (why != NULL) {
		(void)printf("skipped: %s\n", why);
		return (77);
	}
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(0);
	if (mkdtemp(top) == NULL) {
		perror(top);
		return (1);
	}
	for (; *parts != NULL; parts++)
		(*parts)();
	remove_worlds();
	(void)printf("%d failures\n", failures);
	return (failures != 0);
}
