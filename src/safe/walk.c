/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/walk.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/compat.h"
#include "safe/path.h"

#define	MAX_LINKS	40
#define	MAX_STEPS	(1 << 20)	/* "a/../a/../" at a great depth */
#define	MAX_TRIES	64
#define	LINK_MAX_LEN	(64 * 1024)

struct walk {
	int		 root;
	int		 pflags;
	struct ioc_mount_key key;	/* of the root, with IOC_PATH_XDEV */
	struct ioc_buf	 todo;		/* what is left of the path */
	size_t		 pos;
	struct ioc_buf	 names;		/* from the root to here, NUL behind each */
	int		 here;		/* owned; -1: the root itself */
	bool		 stale;		/* `here` is not what `names` says */
	int		 links;
	int		 steps;
};

static int
here(const struct walk *w)
{
	return (w->here >= 0 ? w->here : w->root);
}

static int
nomem(void)
{
	errno = ENOMEM;
	return (-1);
}

static int
check_mount(const struct walk *w, int fd)
{
	struct ioc_mount_key key;

	if ((w->pflags & IOC_PATH_XDEV) == 0)
		return (0);
	if (ioc_mount_key(fd, "", &key) != 0)
		return (-1);
	if (ioc_mount_same(&key, &w->key))
		return (0);
	errno = IOC_WALK_CROSSED;
	return (-1);
}

/* Opens the way down again, after names were dropped at its end. */
static int
refresh(struct walk *w)
{
	const char *p = w->names.data;
	size_t left = w->names.len;

	ioc_fd_close(&w->here);
	while (left > 0) {
		size_t len = strlen(p) + 1;
		int fd = openat(here(w), p, ioc_o_path | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);

		w->steps++;
		ioc_fd_close(&w->here);
		w->here = fd;
		if (fd < 0) {
			/* It was a directory a moment ago. */
			if (errno == ENOENT || errno == ENOTDIR ||
			    errno == ELOOP || errno == EMLINK)
				errno = EAGAIN;
			return (-1);
		}
		if (check_mount(w, fd) != 0)
			return (-1);
		p += len;
		left -= len;
	}
	w->stale = false;
	return (0);
}

static int
go_up(struct walk *w)
{
	size_t len = w->names.len;

	if (len == 0) {
		errno = EXDEV;
		return (-1);
	}
	len--;
	while (len > 0 && w->names.data[len - 1] != '\0')
		len--;
	w->names.len = len;
	w->names.data[len] = '\0';
	w->stale = true;
	return (0);
}

/* The text of the link `name`, held by fd or, where none could be, by name. */
static int
read_link(const struct walk *w, int fd, const char *name, struct ioc_buf *text)
{
	for (size_t room = 256;; room *= 2) {
		ssize_t n;

		if (ioc_buf_reserve(text, room) != 0)
			return (nomem());
		n = fd >= 0 ? readlinkat(fd, "", text->data, room) :
		    readlinkat(here(w), name, text->data, room);
		if (n < 0)
			return (-1);
		if ((size_t)n < room) {
			ioc_buf_commit(text, (size_t)n);
			return (0);
		}
	}
}

/* Puts the text of a link in the place of its name. */
static int
follow(struct walk *w, int fd, const char *name)
{
	auto_buf struct ioc_buf text = IOC_BUF(LINK_MAX_LEN);

	if ((w->pflags & IOC_PATH_NOLINKS) != 0 || ++w->links > MAX_LINKS ||
	    ioc_magic_links(here(w))) {
		errno = ELOOP;
		return (-1);
	}
	if (read_link(w, fd, name, &text) != 0) {
		/* No link any more: look again. */
		if (errno == EINVAL || errno == ENOENT)
			errno = EAGAIN;
		return (-1);
	}
	if (text.data[0] == '/') {
		errno = EXDEV;
		return (-1);
	}
	(void)ioc_buf_addc(&text, '/');
	(void)ioc_buf_adds(&text, w->todo.data + w->pos);
	if (text.failed != 0)
		return (nomem());
	ioc_buf_fini(&w->todo);
	w->todo = text;
	text.data = NULL;
	w->pos = 0;
	return (0);
}

/* `name` is NUL-terminated and neither "." nor "..". */
static int
go_down(struct walk *w, const char *name)
{
	auto_fd int fd = -1;
	struct stat st;

	fd = openat(here(w), name, ioc_o_path | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		/* No O_PATH here, which would have opened the link itself. */
		if (errno == ELOOP || errno == EMLINK)
			return (follow(w, -1, name));
		return (-1);
	}
	if (fstat(fd, &st) != 0)
		return (-1);
	if (S_ISLNK(st.st_mode))
		return (follow(w, fd, name));
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return (-1);
	}
	if (check_mount(w, fd) != 0)
		return (-1);
	if (ioc_buf_add(&w->names, name, strlen(name) + 1) != 0)
		return (nomem());
	ioc_fd_close(&w->here);
	w->here = take_fd(&fd);
	return (0);
}

/* "." is a look-up in the directory too: it takes the right to search it. */
static int
stay(struct walk *w)
{
	auto_fd int fd = openat(here(w), ".", ioc_o_path | O_DIRECTORY |
	    O_CLOEXEC);

	return (fd < 0 ? -1 : 0);
}

/* One component of the path; 1 when there is none left. */
static int
step(struct walk *w)
{
	auto_free char *name = NULL;
	const char *p = w->todo.data + w->pos;
	size_t len;

	p += strspn(p, "/");
	len = strcspn(p, "/");
	if (len == 0)
		return (1);
	name = strndup(p, len);
	if (name == NULL)
		return (nomem());
	w->pos = (size_t)(p - w->todo.data) + len;
	if (++w->steps > MAX_STEPS) {
		errno = ELOOP;
		return (-1);
	}
	if (strcmp(name, "..") == 0)
		return (go_up(w));
	if (w->stale && refresh(w) != 0)
		return (-1);
	return (strcmp(name, ".") == 0 ? stay(w) : go_down(w, name));
}

static int
walk_once(struct walk *w, const char *path)
{
	int r;

	if (ioc_buf_adds(&w->todo, path) != 0)
		return (nomem());
	do {
		r = step(w);
	} while (r == 0);
	if (r < 0 || (w->stale && refresh(w) != 0))
		return (-1);
	if (w->here >= 0)
		return (take_fd(&w->here));
	return (openat(w->root, ".", ioc_o_path | O_DIRECTORY | O_CLOEXEC));
}

int
ioc_walk_dir(int root, const char *path, int pflags)
{
	int fd = -1, saved;

	for (int tries = 0; tries < MAX_TRIES; tries++) {
		struct walk w = {
			.root = root, .pflags = pflags, .here = -1,
			.todo = IOC_BUF(16 * LINK_MAX_LEN),
			.names = IOC_BUF(16 * LINK_MAX_LEN),
		};

		if ((pflags & IOC_PATH_XDEV) != 0 &&
		    ioc_mount_key(root, "", &w.key) != 0)
			return (-1);
		fd = walk_once(&w, path);
		saved = errno;
		ioc_buf_fini(&w.todo);
		ioc_buf_fini(&w.names);
		ioc_fd_close(&w.here);
		errno = saved;
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return (fd);
}
