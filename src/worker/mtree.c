/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/mtree.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/fflags.h"
#include "base/str.h"
#include "worker/record.h"

#define	BUFFER	((size_t)64 * 1024)	/* a line is shorter than that */
#define	N(a)	(sizeof(a) / sizeof(*(a)))

/* The keywords, in the order in which they stand in a line. */
enum key { TYPE, UID, GID, MODE, SIZE, TIME, SHA256, LINK, FLAGS };

static const char *const keys[] = {
	"type", "uid", "gid", "mode", "size", "time", "sha256digest", "link",
	"flags",
};

#define	BIT(key)	(1u << (key))

static const struct {
	const char	*name;
	mode_t		 type;
	unsigned	 needs;		/* beside owner and mode */
} types[] = {
	{ "dir", S_IFDIR, 0 },
	{ "file", S_IFREG, BIT(SIZE) | BIT(SHA256) },
	{ "link", S_IFLNK, BIT(LINK) },
	{ "char", S_IFCHR, 0 },
	{ "block", S_IFBLK, 0 },
	{ "fifo", S_IFIFO, 0 },
};

struct ioc_mtree {
	int		 fd;
	uint64_t	 max_entries;
	uint64_t	 entries;
	uint64_t	 line;		/* number of the present one */
	uint64_t	 read;		/* bytes of the file in the buffer or before */
	size_t		 start, end;	/* what of the buffer is still to be used */
	bool		 eof;
	struct ioc_mtree_entry e;
	char		 last[IOC_MTREE_PATH];	/* path before this one */
	mode_t		 last_type;
	char		 buf[BUFFER];
};

static int
damaged(const struct ioc_mtree *m, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "record, line %" PRIu64 ": %s",
	    m->line, why));
}

int
ioc_mtree_open(int fd, uint64_t max_entries, struct ioc_mtree **ret,
    struct ioc_error *err)
{
	struct ioc_mtree *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return (ioc_fail_nomem(err));
	m->fd = fd;
	m->max_entries = max_entries;
	*ret = m;
	return (0);
}

void
ioc_mtree_close(struct ioc_mtree *m)
{
	free(m);
}

uint64_t
ioc_mtree_consumed(const struct ioc_mtree *m)
{
	return (m->read - (m->end - m->start));
}

/* More of the file behind what is left of the buffer. */
static int
fill(struct ioc_mtree *m, struct ioc_error *err)
{
	ssize_t n;

	memmove(m->buf, m->buf + m->start, m->end - m->start);
	m->end -= m->start;
	m->start = 0;
	if (m->end == BUFFER)
		return (damaged(m, "too long", err));
	do {
		n = pread(m->fd, m->buf + m->end, BUFFER - m->end,
		    (off_t)m->read);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return (ioc_fail_errno(err, "record: read"));
	m->eof = n == 0;
	m->end += (size_t)n;
	m->read += (uint64_t)n;
	if (m->read > IOC_RECORD_MAX)
		return (ioc_fail(err, IOC_LIMIT, "record: more than %u MiB",
		    (unsigned)(IOC_RECORD_MAX >> 20)));
	return (0);
}

/* The next line as a string without its end; NULL behind the last. */
static int
next_line(struct ioc_mtree *m, char **ret, struct ioc_error *err)
{
	char *nl;
	int r;

	m->line++;
	while ((nl = memchr(m->buf + m->start, '\n', m->end - m->start)) ==
	    NULL) {
		if (m->eof && m->start == m->end) {
			*ret = NULL;
			return (0);
		}
		if (m->eof)
			return (damaged(m, "truncated", err));
		r = fill(m, err);
		if (r != 0)
			return (r);
	}
	*ret = m->buf + m->start;
	if (memchr(*ret, '\0', (size_t)(nl - *ret)) != NULL)
		return (damaged(m, "a NUL", err));
	*nl = '\0';
	m->start = (size_t)(nl + 1 - m->buf);
	return (0);
}

/* Undoes ioc_record_escape; -1 for what that never makes. */
static int
unescape(const char *s, char *out, size_t outlen)
{
	size_t n = 0;

	while (*s != '\0') {
		unsigned char c = (unsigned char)*s++;

		if (c == '\\') {
			unsigned v = 0;

			for (int i = 0; i < 3; i++, s++) {
				if (*s < '0' || *s > '7')
					return (-1);
				v = v << 3 | (unsigned)(*s - '0');
			}
			if (v == 0 || v > 0xff || (v > ' ' && v < 0x7f &&
			    strchr("#=\\*?[]", (int)v) == NULL))
				return (-1);
			c = (unsigned char)v;
		} else if (c <= ' ' || c >= 0x7f || strchr("#=*?[]", c) != NULL)
			return (-1);
		if (n + 1 >= outlen)
			return (-1);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return (0);
}

static int
number(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return (-1);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s >= (char)('0' + base) ||
		    v > (max - (uint64_t)(*s - '0')) / base)
			return (-1);
		v = v * base + (uint64_t)(*s - '0');
	}
	*ret = v;
	return (0);
}

static int
digest(const char *s, uint8_t out[32])
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(s) != 64)
		return (-1);
	for (size_t i = 0; i < 64; i++) {
		const char *d = strchr(digits, s[i]);

		if (d == NULL)
			return (-1);
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (d - digits));
	}
	return (0);
}

static int
fflags(const char *s, uint32_t *ret)
{
	char text[IOC_FFLAGS_TEXT];

	*ret = ioc_fflags_parse(s);
	return (*ret != 0 && strcmp(ioc_fflags_text(*ret, text), s) == 0 ?
	    0 : -1);
}

/* Seconds and nine digits, of which the seconds are kept. */
static int
set_time(struct ioc_mtree_entry *e, char *s)
{
	char *dot = strchr(s, '.');
	uint64_t v;

	if (dot == NULL)
		return (-1);
	*dot = '\0';
	if (strlen(dot + 1) != 9 || number(s, 10, UINT32_MAX, &v) != 0)
		return (-1);
	e->mtime = (uint32_t)v;
	return (number(dot + 1, 10, 999999999, &v));
}

static int
set_type(struct ioc_mtree_entry *e, const char *value)
{
	for (size_t i = 0; i < N(types); i++) {
		if (strcmp(types[i].name, value) == 0) {
			e->type = types[i].type;
			return (0);
		}
	}
	return (-1);
}

static int
set(struct ioc_mtree_entry *e, enum key key, char *value)
{
	uint64_t v = 0;
	int r;

	switch (key) {
	case TYPE:
		return (set_type(e, value));
	case UID:
		r = number(value, 10, UINT32_MAX - 1, &v);
		e->uid = (uid_t)v;
		return (r);
	case GID:
		r = number(value, 10, UINT32_MAX - 1, &v);
		e->gid = (gid_t)v;
		return (r);
	case MODE:
		r = strlen(value) == 4 ? number(value, 8, 07777, &v) : -1;
		e->mode = (mode_t)v;
		return (r);
	case SIZE:
		return (number(value, 10, INT64_MAX, &e->size));
	case TIME:
		return (set_time(e, value));
	case SHA256:
		return (digest(value, e->sha256));
	case LINK:
		return (value[0] != '\0' ?
		    unescape(value, e->link, sizeof(e->link)) : -1);
	default:
		return (fflags(value, &e->fflags));
	}
}

/* The words behind the path: known ones, in their order, and all of them. */
static int
keywords(struct ioc_mtree *m, char *s, struct ioc_error *err)
{
	struct ioc_mtree_entry *e = &m->e;
	unsigned seen = 0, needs = BIT(TYPE) | BIT(UID) | BIT(GID) | BIT(MODE);
	const unsigned special = BIT(SIZE) | BIT(SHA256) | BIT(LINK);
	unsigned next = 0;

	while (s != NULL) {
		char *word = strsep(&s, " "), *value = strchr(word, '=');

		if (value == NULL)
			return (damaged(m, "a word that is no keyword", err));
		*value++ = '\0';
		while (next < N(keys) && strcmp(keys[next], word) != 0)
			next++;
		if (next == N(keys))
			return (damaged(m, "a keyword that is unknown or out "
			    "of order", err));
		if (set(e, (enum key)next, value) != 0)
			return (damaged(m, "a value that cannot be", err));
		seen |= BIT(next++);
	}
	for (size_t i = 0; i < N(types); i++)
		if (types[i].type == e->type)
			needs |= types[i].needs;
	if ((seen & needs) != needs || (seen & special & ~needs) != 0)
		return (damaged(m, "not the keywords of its type", err));
	return (0);
}

/* Components one by one; the slash stands before every other byte. */
static int
compare(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	if (*a == '/' || *b == '/')
		return (*a == '/' ? *b == '\0' ? 1 : -1 : *a == '\0' ? -1 : 1);
	return ((unsigned char)*a < (unsigned char)*b ? -1 : *a != *b);
}

/* Behind the one before it, in a directory that was there. */
static int
judge_place(struct ioc_mtree *m, struct ioc_error *err)
{
	const char *path = m->e.path, *last = m->last;
	size_t parent = m->e.name > 0 ? m->e.name - 1 : 0;
	size_t len = strlen(last);

	if (m->entries == 0)
		return (path[0] == '\0' && m->e.type == S_IFDIR ? 0 :
		    damaged(m, "the first is not the root", err));
	if (compare(last, path) >= 0)
		return (damaged(m, "a path that is out of order", err));
	if (parent == 0 || (len > parent && strncmp(last, path, parent) == 0 &&
	    last[parent] == '/'))
		return (0);
	if (len != parent || strncmp(last, path, parent) != 0 ||
	    m->last_type != S_IFDIR)
		return (damaged(m, "a path without its directory", err));
	return (0);
}

static int
judge_path(struct ioc_mtree *m, const char *text, struct ioc_error *err)
{
	struct ioc_mtree_entry *e = &m->e;
	char full[IOC_MTREE_PATH + 2];
	const char *s;

	if (unescape(text, full, sizeof(full)) != 0 || full[0] != '.' ||
	    (full[1] != '/' && full[1] != '\0'))
		return (damaged(m, "a path that cannot be", err));
	s = full[1] == '/' ? full + 2 : full + 1;
	if (strlen(s) >= sizeof(e->path) || (full[1] == '/' && *s == '\0'))
		return (damaged(m, "a path that cannot be", err));
	memcpy(e->path, s, strlen(s) + 1);
	for (size_t n; *s != '\0'; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if (n == 0 || n > 255 || (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.') ||
		    (s[n] == '/' && s[n + 1] == '\0') ||
		    ++e->depth > IOC_MTREE_DEPTH)
			return (damaged(m, "a path that cannot be", err));
		if (s[n] == '\0')
			e->name = strlen(e->path) - n;
	}
	return (0);
}

static int
start(struct ioc_mtree *m, struct ioc_error *err)
{
	char *line;
	int r = next_line(m, &line, err);

	if (r == 0 && (line == NULL || strncmp(line, IOC_RECORD_FIRST,
	    strlen(IOC_RECORD_FIRST) - 1) != 0 ||
	    line[strlen(IOC_RECORD_FIRST) - 1] != '\0'))
		r = damaged(m, "not a record", err);
	return (r);
}

int
ioc_mtree_next(struct ioc_mtree *m, const struct ioc_mtree_entry **e,
    struct ioc_error *err)
{
	char *line, *rest;
	int r = m->line == 0 ? start(m, err) : 0;

	if (r == 0)
		r = next_line(m, &line, err);
	if (r != 0)
		return (r);
	if (line == NULL) {
		*e = NULL;
		return (m->entries > 0 ? 0 : damaged(m, "no entry", err));
	}
	if (m->entries >= m->max_entries)
		return (ioc_fail(err, IOC_LIMIT, "record: more than %" PRIu64
		    " entries", m->max_entries));
	memcpy(m->last, m->e.path, sizeof(m->last));
	m->last_type = m->e.type;
	memset(&m->e, 0, sizeof(m->e));
	rest = line;
	line = strsep(&rest, " ");
	r = judge_path(m, line, err);
	if (r == 0)
		r = keywords(m, rest, err);
	if (r == 0)
		r = judge_place(m, err);
	m->entries++;
	*e = &m->e;
	return (r);
}
