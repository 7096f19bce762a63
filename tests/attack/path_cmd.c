/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path-cmd: one operation of safe/path.h per call, so that tests that know
 * nothing of this library can be driven against its resolvers.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/path.h"

static const char about[] =
    "usage: path-cmd [--walk] [--no-links] [--one-mount] ROOT OPERATION ARG...\n"
    "\n"
    "Does one operation beneath the directory ROOT, which may not be a link.\n"
    "Paths are relative to ROOT, also with a leading \"/\".  Links in them are\n"
    "followed as far as they stay beneath; the last name is never followed.\n"
    "\n"
    "  resolve PATH          what a path leads to: \"TYPE INODE\"\n"
    "  stat PATH             the same with \"MODE UID GID SIZE LINKS\" behind\n"
    "  read PATH             the content of a file\n"
    "  readlink PATH         the text of a link\n"
    "  create PATH [TEXT]    a new file\n"
    "  replace PATH TEXT     a file with this text instead of the one there\n"
    "  mkdir PATH            a new directory\n"
    "  mkdirs PATH           a directory and those above it, as far as missing\n"
    "  symlink TEXT PATH     a new link with that text\n"
    "  link FROM TO          a hard link\n"
    "  rename FROM TO\n"
    "  exchange A B          two names change their places\n"
    "  remove PATH           a file, a link, an empty directory\n"
    "  chmod MODE PATH       octal\n"
    "\n"
    "  --walk                the resolver by components, not the kernel's\n"
    "  --no-links            no link anywhere in a path\n"
    "  --one-mount           no other mount than that of ROOT\n"
    "\n"
    "Results go to standard output, each on one line; on a failure there is one\n"
    "line \"CODE: sentence\" on standard error.  Exit status: 0 done, 2 wrong\n"
    "usage, else one per code:\n";

struct call {
	int		 root;
	int		 pflags;
	const char	*a;
	const char	*b;
};

static const struct {
	int	code;
	int	status;
} statuses[] = {
	{ IOC_UNSAFE, 10 }, { IOC_NOT_FOUND, 11 }, { IOC_EXISTS, 12 },
	{ IOC_INVALID, 13 }, { IOC_LIMIT, 14 }, { IOC_PERMISSION, 15 },
	{ IOC_BUSY, 16 }, { IOC_UNSUPPORTED, 17 }, { IOC_STATE, 18 },
};
#define	N_STATUSES	(sizeof(statuses) / sizeof(*statuses))
#define	STATUS_OTHER	1

static const char *
type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return ("file");
	case S_IFDIR:
		return ("directory");
	case S_IFLNK:
		return ("link");
	case S_IFIFO:
		return ("fifo");
	case S_IFSOCK:
		return ("socket");
	default:
		return ("device");
	}
}

static int
do_resolve(const struct call *c, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_open(c->root, c->a, ioc_o_path, c->pflags,
	    err);
	struct stat st;

	if (fd < 0)
		return (fd);
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stat"));
	(void)printf("%s %ju\n", type_name(st.st_mode), (uintmax_t)st.st_ino);
	return (0);
}

static int
do_stat(const struct call *c, struct ioc_error *err)
{
	struct stat st;
	int r = ioc_path_stat(c->root, c->a, c->pflags, &st, err);

	if (r == 0)
		(void)printf("%s %ju %04o %ju %ju %ju %ju\n",
		    type_name(st.st_mode), (uintmax_t)st.st_ino,
		    (unsigned)(st.st_mode & 07777), (uintmax_t)st.st_uid,
		    (uintmax_t)st.st_gid, (uintmax_t)st.st_size,
		    (uintmax_t)st.st_nlink);
	return (r);
}

static int
do_read(const struct call *c, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_fd int fd = ioc_path_open(c->root, c->a, O_RDONLY, c->pflags,
	    err);
	int r = fd < 0 ? fd : ioc_file_read_fd(fd, &b, err);

	if (r == 0)
		(void)fwrite(ioc_buf_str(&b), 1, b.len, stdout);
	return (r);
}

static int
do_readlink(const struct call *c, struct ioc_error *err)
{
	char text[4096];
	int r = ioc_path_readlink(c->root, c->a, c->pflags, text,
	    sizeof(text), err);

	if (r == 0)
		(void)puts(text);
	return (r);
}

static int
do_create(const struct call *c, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_create(c->root, c->a, 0644, c->pflags, err);

	if (fd < 0 || c->b == NULL)
		return (fd < 0 ? fd : 0);
	return (ioc_file_write_all(fd, c->b, strlen(c->b), err));
}

static int
do_replace(const struct call *c, struct ioc_error *err)
{
	return (ioc_file_replace(c->root, c->a, c->b, strlen(c->b), 0644,
	    (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC |
	    ((c->pflags & IOC_PATH_WALK) != 0 ? IOC_FILE_WALK : 0), err));
}

static int
do_mkdir(const struct call *c, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_mkdir(c->root, c->a, 0755, c->pflags, err);

	return (fd < 0 ? fd : 0);
}

static int
do_mkdirs(const struct call *c, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_mkdirs(c->root, c->a, 0755, (uid_t)-1,
	    (gid_t)-1, c->pflags, err);

	return (fd < 0 ? fd : 0);
}

static int
do_symlink(const struct call *c, struct ioc_error *err)
{
	return (ioc_path_symlink(c->a, c->root, c->b, c->pflags, err));
}

static int
do_link(const struct call *c, struct ioc_error *err)
{
	return (ioc_path_link(c->root, c->a, c->b, c->pflags, err));
}

static int
do_rename(const struct call *c, struct ioc_error *err)
{
	return (ioc_path_rename(c->root, c->a, c->b, c->pflags, err));
}

static int
do_exchange(const struct call *c, struct ioc_error *err)
{
	return (ioc_path_exchange(c->root, c->a, c->b, c->pflags, err));
}

static int
do_remove(const struct call *c, struct ioc_error *err)
{
	return (ioc_path_remove(c->root, c->a, c->pflags, err));
}

static int
do_chmod(const struct call *c, struct ioc_error *err)
{
	char *end;
	unsigned long mode = strtoul(c->a, &end, 8);

	if (c->a[0] == '\0' || *end != '\0' || mode > 07777)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a mode",
		    IOC_SHOW(c->a)));
	return (ioc_path_chmod(c->root, c->b, (mode_t)mode, c->pflags, err));
}

static const struct {
	const char	*name;
	int		 least, most;	/* arguments */
	int		(*run)(const struct call *c, struct ioc_error *err);
} operations[] = {
	{ "resolve", 1, 1, do_resolve }, { "stat", 1, 1, do_stat },
	{ "read", 1, 1, do_read }, { "readlink", 1, 1, do_readlink },
	{ "create", 1, 2, do_create }, { "replace", 2, 2, do_replace },
	{ "mkdir", 1, 1, do_mkdir }, { "mkdirs", 1, 1, do_mkdirs },
	{ "symlink", 2, 2, do_symlink }, { "link", 2, 2, do_link },
	{ "rename", 2, 2, do_rename }, { "exchange", 2, 2, do_exchange },
	{ "remove", 1, 1, do_remove }, { "chmod", 2, 2, do_chmod },
};

static int
fail(int code, const struct ioc_error *err)
{
	int status = STATUS_OTHER;

	for (size_t i = 0; i < N_STATUSES; i++)
		if (statuses[i].code == code)
			status = statuses[i].status;
	(void)fprintf(stderr, "%s: %s\n", ioc_code_name(code), err->msg);
	return (status);
}

static int
usage(FILE *f)
{
	(void)fputs(about, f);
	for (size_t i = 0; i < N_STATUSES; i++)
		(void)fprintf(f, "  %d  %s\n", statuses[i].status,
		    ioc_code_name(statuses[i].code));
	(void)fprintf(f, "  %d  any other\n", STATUS_OTHER);
	return (f == stdout ? 0 : 2);
}

int
main(int argc, char **argv)
{
	struct call c = { .root = -1 };
	struct ioc_error err = { .msg = "" };
	int r;

	for (argv++, argc--; argc > 0 && argv[0][0] == '-'; argv++, argc--) {
		if (strcmp(argv[0], "--walk") == 0)
			c.pflags |= IOC_PATH_WALK;
		else if (strcmp(argv[0], "--no-links") == 0)
			c.pflags |= IOC_PATH_NOLINKS;
		else if (strcmp(argv[0], "--one-mount") == 0)
			c.pflags |= IOC_PATH_XDEV;
		else
			return (usage(strcmp(argv[0], "--help") == 0 ? stdout :
			    stderr));
	}
	if (argc < 3)
		return (usage(stderr));
	c.a = argv[2];
	c.b = argc > 3 ? argv[3] : NULL;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (strcmp(operations[i].name, argv[1]) != 0)
			continue;
		if (argc - 2 < operations[i].least ||
		    argc - 2 > operations[i].most)
			break;
		r = c.root = ioc_path_root(argv[0], &err);
		if (r >= 0)
			r = operations[i].run(&c, &err);
		ioc_fd_close(&c.root);
		return (r == 0 ? 0 : fail(r, &err));
	}
	return (usage(stderr));
}
