/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/journal.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/name.h"

#define	TEMP		".ioc-tmp-"
#define	ENTRY_MAX	(64 * 1024)
#define	END		"end"
#define	LOST		1
#define	ORPHANS_MS	5000	/* how long children may outlive the writer */

/*
 * An entry is written and locked under a temporary name and then linked to its
 * own: so it never stands there empty or without the lock of a living writer.
 */
struct ioc_journal {
	int	 dirfd;
	int	 fd;	/* holds the lock */
	pid_t	 pid;
	char	*staging;
	bool	 nosync;
};

static void
journal_free(struct ioc_journal *j)
{
	if (j == NULL)
		return;
	ioc_fd_close(&j->fd);
	ioc_fd_close(&j->dirfd);
	free(j->staging);
	free(j);
}

IOC_DEFINE_AUTO(struct ioc_journal, journal_free);

static bool
is_named(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return (fstat(fd, &a) == 0 &&
	    fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* "op=create" NUL "what=web" NUL "by=PID" NUL "end" NUL: any byte can be in a
   value. */
static int
print_entry(const char *op, const char *what, struct ioc_buf *b,
    struct ioc_error *err)
{
	(void)ioc_buf_adds(b, "op=");
	(void)ioc_buf_add(b, op, strlen(op) + 1);
	(void)ioc_buf_adds(b, "what=");
	(void)ioc_buf_add(b, what, strlen(what) + 1);
	(void)ioc_buf_addf(b, "by=%ld", (long)getpid());
	(void)ioc_buf_addc(b, '\0');
	(void)ioc_buf_add(b, END, sizeof(END));
	return (ioc_buf_check(b, err));
}

/* The next string of the content if it has this key, else NULL. */
static const char *
next_value(const struct ioc_buf *b, size_t *pos, const char *key)
{
	const char *p = b->data + *pos, *nul;

	if (*pos >= b->len || !ioc_str_starts(p, key))
		return (NULL);
	nul = memchr(p, '\0', b->len - *pos);
	if (nul == NULL)
		return (NULL);
	*pos += (size_t)(nul - p) + 1;
	return (p + strlen(key));
}

struct entry {
	const char	*op;
	const char	*what;
	const char	*by;		/* process that wrote it */
};

/* False when it is damaged: a crash of the system before it was on disk. */
static bool
parse_entry(const struct ioc_buf *b, struct entry *e)
{
	size_t pos = 0;

	e->op = next_value(b, &pos, "op=");
	e->what = e->op != NULL ? next_value(b, &pos, "what=") : NULL;
	e->by = e->what != NULL ? next_value(b, &pos, "by=") : NULL;
	return (e->what != NULL && next_value(b, &pos, END) != NULL &&
	    pos == b->len);
}

static struct ioc_journal *
journal_new(int dirfd, const char *staging, struct ioc_error *err)
{
	IOC_AUTO(journal_freep) struct ioc_journal *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		(void)ioc_fail_nomem(err);
		return (NULL);
	}
	j->fd = j->dirfd = -1;
	j->pid = getpid();
	j->staging = strdup(staging);
	if (j->staging == NULL) {
		(void)ioc_fail_nomem(err);
		return (NULL);
	}
	j->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (j->dirfd < 0) {
		(void)ioc_fail_errno(err, "journal directory");
		return (NULL);
	}
	return (take_ptr(j));
}

/*
 * Writes, locks and syncs the entry under `temp`.  LOST when a recovery was
 * quicker, which takes the file for an old one and away.
 */
static int
write_temp(struct ioc_journal *j, const char *temp, const struct ioc_buf *b,
    struct ioc_error *err)
{
	int r;

	ioc_fd_close(&j->fd);
	j->fd = openat(j->dirfd, temp, O_RDWR | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return (ioc_fail_errno(err, "create"));
	if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
		return (errno == EWOULDBLOCK ? LOST :
		    ioc_fail_errno(err, "lock"));
	r = ioc_file_write_all(j->fd, b->data, b->len, err);
	if (r == 0 && !j->nosync && fsync(j->fd) != 0)
		r = ioc_fail_errno(err, "sync");
	return (r);
}

static int
begin(struct ioc_journal *j, const struct ioc_buf *b, struct ioc_error *err)
{
	for (int tries = 0; tries < 64; tries++) {
		unsigned long long n;
		bool linked, lost;
		char temp[40];
		int r;

		ioc_random(&n, sizeof(n));
		(void)snprintf(temp, sizeof(temp), TEMP "%016llx", n);
		r = write_temp(j, temp, b, err);
		linked = r == 0 && linkat(j->dirfd, temp, j->dirfd,
		    j->staging, 0) == 0;
		lost = r == LOST || (r == 0 && !linked && errno == ENOENT);
		if (r == LOST)
			r = 0;
		if (r == 0 && !linked && !lost)
			r = ioc_fail_errno(err, "create");
		(void)unlinkat(j->dirfd, temp, 0);
		if (r == 0 && linked && !j->nosync)
			r = ioc_file_sync_dir(j->dirfd, err);
		if (r != 0 && linked)
			(void)unlinkat(j->dirfd, j->staging, 0);
		if (r != 0 || linked)
			return (r);
	}
	return (ioc_fail(err, IOC_BUSY, "its directory changes all the time"));
}

static int
check_staging(const char *staging, struct ioc_error *err)
{
	int r = ioc_name_check(IOC_NAME_COMPONENT, staging, err);

	if (r == 0 && ioc_str_starts(staging, TEMP))
		return (ioc_fail(err, IOC_INVALID,
		    "file name \"%s\": is reserved", IOC_SHOW(staging)));
	return (r);
}

int
ioc_journal_begin(int dirfd, const char *op, const char *what,
    const char *staging, int flags, struct ioc_journal **ret,
    struct ioc_error *err)
{
	IOC_AUTO(journal_freep) struct ioc_journal *j = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(ENTRY_MAX);
	struct ioc_error e = { 0 };
	int r;

	r = check_staging(staging, err);
	if (r != 0)
		return (r);
	r = print_entry(op, what, &b, err);
	if (r != 0)
		return (r);
	j = journal_new(dirfd, staging, &e);
	if (j == NULL) {
		ioc_error_copy(err, &e);
		return (e.code);
	}
	j->nosync = (flags & IOC_JOURNAL_NOSYNC) != 0;
	r = begin(j, &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "journal entry \"%s\"",
		    IOC_SHOW(staging)));
	*ret = take_ptr(j);
	return (0);
}

void
ioc_journal_end(struct ioc_journal *j)
{
	/* A forked child must not end what its parent began. */
	if (j != NULL && j->pid == getpid() &&
	    is_named(j->dirfd, j->staging, j->fd))
		(void)unlinkat(j->dirfd, j->staging, 0);
	ioc_journal_abandon(j);
}

void
ioc_journal_abandon(struct ioc_journal *j)
{
	if (j == NULL)
		return;
	/* Should a forked child still hold the file: it is ours no more. */
	if (j->pid == getpid())
		(void)flock(j->fd, LOCK_UN);
	journal_free(j);
}

/* Is the process that wrote a locked entry gone? */
static bool
is_orphan(int fd)
{
	auto_buf struct ioc_buf b = IOC_BUF(ENTRY_MAX);
	struct entry e;
	uint64_t pid;
	int r = ioc_file_read_fd(fd, &b, NULL);

	(void)lseek(fd, 0, SEEK_SET);
	return (r == 0 && parse_entry(&b, &e) && e.by != NULL &&
	    ioc_str_to_u64(e.by, 1, INT32_MAX, &pid, NULL) == 0 &&
	    kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

/*
 * Locks an entry: 1, or 0 when its writer lives.  What a dead one has left
 * running, amidst a system call, holds the lock until it ends.
 */
static int
lock_dead(int fd, struct ioc_error *err)
{
	for (int waited = 0;; waited += 20) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return (1);
		if (errno != EWOULDBLOCK)
			return (ioc_fail_errno(err, "lock"));
		if (waited >= ORPHANS_MS || !is_orphan(fd))
			return (0);
		(void)usleep(20 * 1000);
	}
}

/*
 * Opens and locks an entry of a dead writer: 1, or 0 when there is nothing to
 * do, or a code.
 */
static int
claim(int dirfd, const char *name, int *ret, struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 : ioc_fail_errno(err, "stat"));
	/* Not written by a journal. */
	if (!S_ISREG(st.st_mode))
		return (0);
	fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return (errno == ENOENT ? 0 : ioc_fail_errno(err, "open"));
	r = lock_dead(fd, err);
	if (r <= 0)
		return (r);
	/* Its writer, or another recovery, may just have removed it. */
	if (!is_named(dirfd, name, fd))
		return (0);
	*ret = take_fd(&fd);
	return (1);
}

static int
recover_one(int dirfd, const char *name, ioc_journal_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(ENTRY_MAX);
	struct entry e;
	auto_fd int fd = -1;
	int r;

	r = claim(dirfd, name, &fd, err);
	if (r <= 0)
		return (r);
	if (!ioc_str_starts(name, TEMP)) {
		r = ioc_file_read_fd(fd, &b, err);
		if (r != 0 && r != IOC_LIMIT)
			return (r);
		if (r != 0 || !parse_entry(&b, &e))
			e.op = e.what = "";
		r = fn(e.op, e.what, name, arg, err);
		if (r != 0)
			return (r);
	}
	if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "remove"));
	return (0);
}

static int
list_entries(int dirfd, struct ioc_strv *names, struct ioc_error *err)
{
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	auto_dir DIR *dir = NULL;
	struct dirent *de;

	if (fd < 0 || (dir = fdopendir(fd)) == NULL)
		return (ioc_fail_errno(err, "read journal"));
	(void)take_fd(&fd);
	while (errno = 0, (de = readdir(dir)) != NULL)
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0)
			(void)ioc_strv_add(names, de->d_name);
	if (errno != 0)
		return (ioc_fail_errno(err, "read journal"));
	ioc_strv_sort(names);
	return (ioc_strv_check(names, err));
}

int
ioc_journal_recover(int dirfd, ioc_journal_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_error e = { 0 };
	int r = list_entries(dirfd, &names, err);

	for (size_t i = 0; i < names.n && (r == 0 || e.code != 0); i++) {
		struct ioc_error one = { 0 };
		int got = recover_one(dirfd, names.v[i], fn, arg, &one);

		if (got == 0 || got == IOC_JOURNAL_LATER || r != 0)
			continue;
		r = ioc_wrap(&one, got, "journal entry \"%s\"",
		    IOC_SHOW(names.v[i]));
		/* fn may have returned a code without words. */
		e = one;
		e.code = got;
		ioc_error_copy(err, &e);
	}
	return (r);
}

static int
look_at_one(int dirfd, const char *name, ioc_journal_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(ENTRY_MAX);
	struct entry e;
	auto_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return (errno == ENOENT ? 0 : ioc_fail_errno(err, "open"));
	r = ioc_file_read_fd(fd, &b, err);
	/* A damaged one says nothing. */
	return (r == 0 && parse_entry(&b, &e) ?
	    fn(e.op, e.what, name, arg, err) : r == IOC_LIMIT ? 0 : r);
}

int
ioc_journal_look(int dirfd, ioc_journal_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = list_entries(dirfd, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (!ioc_str_starts(names.v[i], TEMP))
			r = look_at_one(dirfd, names.v[i], fn, arg, err);
	return (r);
}
