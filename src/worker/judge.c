/* SPDX-License-Identifier: BSD-2-Clause */
/* Which archive members are acceptable, and why not. */
#include "worker/judge.h"

#include <inttypes.h>
#include <string.h>

#include "base/fflags.h"
#include "base/str.h"

#define	MTIME_MAX	INT64_C(0xffffffff)	/* any file system keeps it */
#define	ID_MAX		INT64_C(0xfffffffe)	/* the next one means "none" */

struct ioc_judge {
	struct ioc_judge_limits limits;
	struct ioc_table *table;
	uint64_t	 members;
	uint64_t	 bytes;
	uint64_t	 holes;
	const char	*name;		/* of the member that is judged */
};

int
ioc_judge_new(const struct ioc_judge_limits *limits, struct ioc_judge **ret,
    struct ioc_error *err)
{
	struct ioc_judge *j = calloc(1, sizeof(*j));
	int r;

	if (j == NULL)
		return (ioc_fail_nomem(err));
	j->limits = *limits;
	r = ioc_table_new(&j->table, err);
	if (r != 0) {
		free(j);
		return (r);
	}
	*ret = j;
	return (0);
}

void
ioc_judge_free(struct ioc_judge *j)
{
	if (j == NULL)
		return;
	ioc_table_free(j->table);
	free(j);
}

const char *
ioc_judge_member_name(const struct ioc_judge *j)
{
	return (j->name);
}

struct ioc_table *
ioc_judge_table(const struct ioc_judge *j)
{
	return (j->table);
}

static int
unsafe(const struct ioc_judge *j, struct ioc_error *err, const char *why)
{
	return (ioc_fail(err, IOC_UNSAFE, "member \"%s\": %s",
	    IOC_SHOW(j->name), why));
}

static int
limit(const struct ioc_judge *j, struct ioc_error *err, const char *what,
    uint64_t max)
{
	return (ioc_fail(err, IOC_LIMIT, "member \"%s\": more than %" PRIu64
	    " %s", IOC_SHOW(j->name), max, what));
}

/* Well-formed UTF-8 without control characters. */
static bool
is_text(const char *name)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)name;

	while (*s != '\0') {
		size_t n = *s < 0x80 ? 1 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
		uint32_t cp = n == 1 ? *s : *s & (0xffu >> (n + 1));

		if (*s >= 0xf5 || (*s >= 0x80 && *s < 0xc2))
			return (false);
		for (size_t i = 1; i < n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return (false);
			cp = cp << 6 | (s[i] & 0x3fu);
		}
		if (cp < least[n] || cp > 0x10ffff ||
		    (cp >= 0xd800 && cp <= 0xdfff) || cp < 0x20 ||
		    (cp >= 0x7f && cp < 0xa0))
			return (false);
		s += n;
	}
	return (true);
}

static int
judge_text(const struct ioc_judge *j, const char *path, struct ioc_error *err)
{
	if (path == NULL || path[0] == '\0')
		return (unsafe(j, err, "a name that is empty"));
	if (strnlen(path, IOC_MEMBER_PATH + 1) > IOC_MEMBER_PATH)
		return (limit(j, err, "bytes in a name", IOC_MEMBER_PATH));
	if (!is_text(path))
		return (unsafe(j, err, "a name with control characters or not "
		    "in UTF-8"));
	return (0);
}

/*
 * The next component at *path that says something; 1 when there is one, 0 at
 * the end.
 */
static int
component(const struct ioc_judge *j, const char **path, const char **name,
    size_t *len, struct ioc_error *err)
{
	const char *s = *path;

	do {
		s += strspn(s, "/");
		*name = s;
		*len = strcspn(s, "/");
		s += *len;
	} while (*len == 1 && (*name)[0] == '.');
	*path = s;
	if (*len == 2 && (*name)[0] == '.' && (*name)[1] == '.')
		return (unsafe(j, err, "\"..\" leads out"));
	if (*len > IOC_MEMBER_NAME)
		return (limit(j, err, "bytes in a component",
		    IOC_MEMBER_NAME));
	return (*len > 0);
}

static int
add(struct ioc_judge *j, uint32_t parent, const char *name, size_t len,
    uint32_t *ret, struct ioc_error *err)
{
	if (j->table->n > j->limits.max_entries)
		return (limit(j, err, "entries", j->limits.max_entries));
	return (ioc_table_add(j->table, parent, name, len, ret, err));
}

/* The directory on the way to a member: one that is known, or implied. */
static int
descend(struct ioc_judge *j, uint32_t *at, const char *name, size_t len,
    bool make, struct ioc_error *err)
{
	uint32_t n = ioc_table_find(j->table, *at, name, len);
	int r;

	if (n == 0 && !make)
		return (unsafe(j, err,
		    "a hard link to what is not in the archive before it"));
	if (n == 0) {
		r = add(j, *at, name, len, &n, err);
		if (r != 0)
			return (r);
		ioc_table_node(j->table, n)->kind = IOC_MEMBER_DIR;
		ioc_table_node(j->table, n)->mode = 0755;
	}
	if (ioc_table_node(j->table, n)->kind == IOC_MEMBER_SYMLINK)
		return (unsafe(j, err, "a path through a symbolic link of the "
		    "archive"));
	if (ioc_table_node(j->table, n)->kind != IOC_MEMBER_DIR)
		return (unsafe(j, err, "a path through what is not a "
		    "directory"));
	*at = n;
	return (0);
}

/*
 * Walks to the directory of the last component, which is given; its length is
 * 0 when the path is the root itself.
 */
static int
walk(struct ioc_judge *j, const char *path, bool make, uint32_t *parent,
    const char **last, size_t *len, struct ioc_error *err)
{
	const char *next;
	size_t next_len, depth = 1;
	int r;

	r = judge_text(j, path, err);
	if (r == 0 && path[0] == '/')
		r = unsafe(j, err, "an absolute name");
	if (r != 0)
		return (r);
	*parent = 0;
	r = component(j, &path, last, len, err);
	while (r == 1) {
		r = component(j, &path, &next, &next_len, err);
		if (r != 1)
			break;
		if (++depth > IOC_MEMBER_DEPTH)
			return (limit(j, err, "components",
			    IOC_MEMBER_DEPTH));
		r = descend(j, parent, *last, *len, make, err);
		if (r != 0)
			return (r);
		*last = next;
		*len = next_len;
		r = 1;
	}
	return (r);
}

static int
judge_numbers(struct ioc_judge *j, struct archive_entry *e,
    struct ioc_member *m, struct ioc_error *err)
{
	int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
	const char *text;

	if (uid < 0 || uid > ID_MAX || gid < 0 || gid > ID_MAX)
		return (unsafe(j, err, "an owner out of range"));
	if (size < 0)
		return (unsafe(j, err, "a negative size"));
	m->uid = (uid_t)uid;
	m->gid = (gid_t)gid;
	m->size = (uint64_t)size;
	text = archive_entry_fflags_text(e);
	m->fflags = text != NULL ? ioc_fflags_parse(text) : 0;
	m->mtime = archive_entry_mtime_is_set(e) ? archive_entry_mtime(e) : 0;
	if (m->mtime < 0)
		m->mtime = 0;
	if (m->mtime > MTIME_MAX)
		m->mtime = MTIME_MAX;
	if (m->size > j->limits.max_bytes - j->bytes)
		return (limit(j, err, "bytes in all", j->limits.max_bytes));
	j->bytes += m->size;
	return (0);
}

static int
judge_kind(struct ioc_judge *j, struct archive_entry *e, struct ioc_member *m,
    struct ioc_error *err)
{
	mode_t type = archive_entry_filetype(e);
	mode_t mode = archive_entry_perm(e) & 07777;

	if (!j->limits.setid)
		mode &= 01777;
	m->mode = mode;
	if (archive_entry_hardlink(e) != NULL) {
		m->kind = IOC_MEMBER_HARDLINK;
		return (m->size == 0 ? 0 : unsafe(j, err,
		    "a hard link with content"));
	}
	switch (type) {
	case AE_IFREG:
		m->kind = IOC_MEMBER_FILE;
		m->mode &= 06777;
		return (0);
	case AE_IFDIR:
		m->kind = IOC_MEMBER_DIR;
		break;
	case AE_IFLNK:
		m->kind = IOC_MEMBER_SYMLINK;
		m->link = archive_entry_symlink(e);
		break;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
		m->kind = j->limits.devices ? IOC_MEMBER_NODE : IOC_MEMBER_NONE;
		m->mode = (mode & 0777) | type;
		m->dev = type == AE_IFIFO ? 0 : archive_entry_rdev(e);
		break;
	case AE_IFSOCK:
		m->kind = IOC_MEMBER_NONE;
		break;
	default:
		return (unsafe(j, err, "neither file, directory nor link"));
	}
	return (m->size == 0 ? 0 : unsafe(j, err, "content where none can be"));
}

/* Only to a file that stands in the archive before it. */
static int
judge_hardlink(struct ioc_judge *j, struct archive_entry *e,
    struct ioc_member *m, struct ioc_error *err)
{
	struct ioc_node *target;
	uint32_t parent;
	const char *last;
	size_t len;
	int r;

	r = walk(j, archive_entry_hardlink(e), false, &parent, &last, &len,
	    err);
	if (r != 0)
		return (ioc_wrap(err, r, "hard link target"));
	m->target = len == 0 ? 0 :
	    ioc_table_find(j->table, parent, last, len);
	if (m->target == 0)
		return (unsafe(j, err,
		    "a hard link to what is not in the archive before it"));
	target = ioc_table_node(j->table, m->target);
	if (target->kind == IOC_MEMBER_SYMLINK)
		return (unsafe(j, err, "a hard link to a symbolic link"));
	if (target->kind == IOC_MEMBER_HARDLINK)
		m->target = target->more;
	else if (target->kind != IOC_MEMBER_FILE)
		return (unsafe(j, err, "a hard link to what is not a file"));
	return (0);
}

/* Its target may lead anywhere: nothing is ever written through it. */
static int
judge_symlink(struct ioc_judge *j, struct ioc_member *m, struct ioc_error *err)
{
	int r = judge_text(j, m->link, err);

	if (r == 0 && strlen(m->link) >= IOC_MEMBER_PATH)
		r = limit(j, err, "bytes in a link", IOC_MEMBER_PATH - 1);
	return (ioc_wrap(err, r, "link target"));
}

/* What a node keeps beside its numbers. */
static int
remember(struct ioc_judge *j, struct ioc_member *m, struct ioc_node *node,
    struct ioc_error *err)
{
	int r;

	switch (m->kind) {
	case IOC_MEMBER_SYMLINK:
		r = ioc_table_add_text(j->table, m->link, strlen(m->link),
		    &node->more, err);
		if (r == 0)
			m->link = ioc_table_text(j->table, node->more);
		return (r);
	case IOC_MEMBER_FILE:
		r = ioc_table_add_digest(j->table, &node->more, err);
		m->digest = node->more;
		return (r);
	case IOC_MEMBER_HARDLINK:
		node->more = m->target;
		return (0);
	default:
		return (0);
	}
}

/* The name is new, or a directory that says the same as before. */
static int
enter(struct ioc_judge *j, struct ioc_member *m, uint32_t parent,
    const char *last, size_t len, struct ioc_error *err)
{
	struct ioc_node *node;
	int r;

	m->node = ioc_table_find(j->table, parent, last, len);
	if (m->node == 0) {
		r = add(j, parent, last, len, &m->node, err);
		if (r != 0)
			return (r);
		node = ioc_table_node(j->table, m->node);
	} else {
		node = ioc_table_node(j->table, m->node);
		if (m->kind != IOC_MEMBER_DIR || node->kind != IOC_MEMBER_DIR)
			return (unsafe(j, err, "a name that was there before"));
		if (node->named && (node->mode != m->mode ||
		    node->uid != m->uid || node->gid != m->gid))
			return (unsafe(j, err, "a directory that was there "
			    "before with another owner or mode"));
		/* Said once more: its time is the last one's. */
		if (node->named) {
			node->mtime = (uint32_t)m->mtime;
			m->kind = IOC_MEMBER_NONE;
			return (0);
		}
	}
	node->kind = (uint8_t)m->kind;
	node->named = true;
	node->mode = (uint16_t)m->mode;
	node->uid = m->uid;
	node->gid = m->gid;
	node->mtime = (uint32_t)m->mtime;
	node->fflags = m->fflags;
	node->size = m->kind == IOC_MEMBER_NODE ? m->dev : m->size;
	return (remember(j, m, node, err));
}

int
ioc_judge_member(struct ioc_judge *j, struct archive_entry *e,
    struct ioc_member *m, struct ioc_error *err)
{
	const char *last;
	uint32_t parent;
	size_t len;
	int r;

	memset(m, 0, sizeof(*m));
	j->name = archive_entry_pathname(e);
	if (j->name == NULL) {
		j->name = "";
		return (unsafe(j, err, "a name that cannot be read"));
	}
	if (++j->members > j->limits.max_entries)
		return (limit(j, err, "entries", j->limits.max_entries));
	r = judge_numbers(j, e, m, err);
	if (r == 0)
		r = judge_kind(j, e, m, err);
	if (r == 0)
		r = walk(j, j->name, true, &parent, &last, &len, err);
	if (r == 0 && len == 0) {
		/* The root: its owner and mode are not the archive's. */
		if (m->kind != IOC_MEMBER_DIR)
			return (unsafe(j, err, "the root is a directory"));
		m->kind = IOC_MEMBER_NONE;
		return (0);
	}
	if (r == 0 && m->kind == IOC_MEMBER_HARDLINK)
		r = judge_hardlink(j, e, m, err);
	if (r == 0 && m->kind == IOC_MEMBER_SYMLINK)
		r = judge_symlink(j, m, err);
	return (r == 0 ? enter(j, m, parent, last, len, err) : r);
}

static int
judge_hole(struct ioc_judge *j, uint64_t len, struct ioc_error *err)
{
	if (len > IOC_MEMBER_HOLES - j->holes)
		return (ioc_fail(err, IOC_LIMIT, "holes of more than %u GiB",
		    (unsigned)(IOC_MEMBER_HOLES >> 30)));
	j->holes += len;
	return (0);
}

int
ioc_judge_block(struct ioc_judge *j, const struct ioc_member *m, size_t len,
    int64_t offset, uint64_t *end, struct ioc_error *err)
{
	uint64_t hole;

	if (offset < 0 || (uint64_t)offset < *end ||
	    (uint64_t)offset > m->size || len > m->size - (uint64_t)offset ||
	    (len > 0 && m->kind != IOC_MEMBER_FILE))
		return (ioc_fail(err, IOC_FORMAT,
		    "damaged: content outside of its file"));
	hole = (uint64_t)offset - *end;
	*end = (uint64_t)offset + len;
	return (judge_hole(j, hole, err));
}

int
ioc_judge_end(struct ioc_judge *j, const struct ioc_member *m, uint64_t end,
    struct ioc_error *err)
{
	return (judge_hole(j, m->size - end, err));
}
