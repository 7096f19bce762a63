/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/record.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/fflags.h"

#define	FLUSH	((size_t)64 * 1024)
#define	LINE	((size_t)48 * 1024)	/* no line is longer */

/* Nodes sorted by parent and name: what a directory contains is a range. */
struct order {
	const struct ioc_table *table;
	uint32_t	*node;
	uint32_t	 n;
};

struct out {
	const struct ioc_table *table;
	int		 fd;
	uint64_t	 written;
	struct ioc_buf	 buf;
	struct ioc_buf	 path;		/* escaped, of where we are */
};

int
ioc_record_escape(struct ioc_buf *b, const char *text)
{
	const char *plain = text;

	for (;; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && strchr("#=\\*?[]", c) == NULL)
			continue;
		(void)ioc_buf_add(b, plain, (size_t)(text - plain));
		plain = text + 1;
		if (c == '\0')
			return (b->failed);
		(void)ioc_buf_addc(b, '\\');
		(void)ioc_buf_addc(b, (char)('0' + (c >> 6)));
		(void)ioc_buf_addc(b, (char)('0' + (c >> 3 & 7)));
		(void)ioc_buf_addc(b, (char)('0' + (c & 7)));
	}
}

/* --- the order ------------------------------------------------------------------ */

static int
compare(const struct ioc_table *t, uint32_t a, uint32_t b)
{
	uint32_t pa = ioc_table_node(t, a)->parent;
	uint32_t pb = ioc_table_node(t, b)->parent;

	if (pa != pb)
		return (pa < pb ? -1 : 1);
	return (strcmp(ioc_table_name(t, a), ioc_table_name(t, b)));
}

/*
 * Heap sort: in place, without recursion, and no order of an archive makes it
 * slow.
 */
static void
sift(const struct order *o, uint32_t at, uint32_t n)
{
	for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
		uint32_t v = o->node[at];

		if (child + 1 < n && compare(o->table, o->node[child],
		    o->node[child + 1]) < 0)
			child++;
		if (compare(o->table, v, o->node[child]) >= 0)
			return;
		o->node[at] = o->node[child];
		o->node[child] = v;
	}
}

static void
sort(const struct order *o)
{
	for (uint32_t i = o->n / 2; i-- > 0;)
		sift(o, i, o->n);
	for (uint32_t n = o->n; n > 1; n--) {
		uint32_t v = o->node[n - 1];

		o->node[n - 1] = o->node[0];
		o->node[0] = v;
		sift(o, 0, n - 1);
	}
}

/* The first of what a directory contains, or of a later one. */
static uint32_t
first_of(const struct order *o, uint32_t parent)
{
	uint32_t low = 0, high = o->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (ioc_table_node(o->table, o->node[mid])->parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

/* --- lines -------------------------------------------------------------------- */

static int
flush(struct out *o, struct ioc_error *err)
{
	const char *p = o->buf.data;
	size_t len = o->buf.len;

	o->written += len;
	if (o->written > IOC_RECORD_MAX)
		return (ioc_fail(err, IOC_LIMIT, "record: more than %u MiB",
		    (unsigned)(IOC_RECORD_MAX >> 20)));
	while (len > 0) {
		ssize_t n = write(o->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(err, "record: write"));
		p += n;
		len -= (size_t)n;
	}
	ioc_buf_clear(&o->buf);
	return (0);
}

static void
hex(struct ioc_buf *b, const uint8_t *digest)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * IOC_DIGEST];

	for (size_t i = 0; i < IOC_DIGEST; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	(void)ioc_buf_add(b, text, sizeof(text));
}

static const char *
type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return ("dir");
	case S_IFLNK:
		return ("link");
	case S_IFCHR:
		return ("char");
	case S_IFBLK:
		return ("block");
	case S_IFIFO:
		return ("fifo");
	default:
		return ("file");
	}
}

int
ioc_record_line(struct ioc_buf *b, const struct ioc_buf *path,
    const struct ioc_record_line *l)
{
	char text[IOC_FFLAGS_TEXT];

	(void)ioc_buf_add(b, path->data, path->len);
	(void)ioc_buf_addf(b, " type=%s uid=%u gid=%u mode=%04o",
	    type_of(l->mode), (unsigned)l->uid, (unsigned)l->gid,
	    (unsigned)l->mode & 07777u);
	if (l->digest != NULL)
		(void)ioc_buf_addf(b, " size=%" PRIu64, l->size);
	if (l->timed)
		(void)ioc_buf_addf(b, " time=%u.000000000", l->mtime);
	if (l->digest != NULL) {
		(void)ioc_buf_adds(b, " sha256digest=");
		hex(b, l->digest);
	}
	if (l->link != NULL) {
		(void)ioc_buf_adds(b, " link=");
		(void)ioc_record_escape(b, l->link);
	}
	if (l->fflags != 0)
		(void)ioc_buf_addf(b, " flags=%s",
		    ioc_fflags_text(l->fflags, text));
	(void)ioc_buf_addc(b, '\n');
	return (b->failed != 0 ? b->failed : path->failed);
}

static mode_t
mode_of(const struct ioc_node *node)
{
	switch (node->kind) {
	case IOC_MEMBER_DIR:
		return (S_IFDIR | (node->mode & 07777));
	case IOC_MEMBER_SYMLINK:
		return (S_IFLNK | (node->mode & 07777));
	case IOC_MEMBER_NODE:
		return (S_ISCHR(node->mode) || S_ISBLK(node->mode) ?
		    node->mode : S_IFIFO | (node->mode & 07777));
	default:
		return (S_IFREG | (node->mode & 07777));
	}
}

/* The path stands in o->path. */
static int
line(struct out *o, uint32_t n, struct ioc_error *err)
{
	const struct ioc_node *node = ioc_table_node(o->table, n);
	struct ioc_record_line l;

	if (node->kind == IOC_MEMBER_HARDLINK)
		node = ioc_table_node(o->table, node->more);
	l = (struct ioc_record_line){
		.mode = mode_of(node), .uid = node->uid, .gid = node->gid,
		.timed = n != 0, .mtime = node->mtime, .fflags = node->fflags,
	};
	if (node->kind == IOC_MEMBER_FILE) {
		l.size = node->size;
		l.digest = ioc_table_digest(o->table, node->more);
	}
	if (node->kind == IOC_MEMBER_SYMLINK)
		l.link = ioc_table_text(o->table, node->more);
	if (ioc_record_line(&o->buf, &o->path, &l) != 0)
		return (ioc_buf_check(o->buf.failed != 0 ? &o->buf : &o->path,
		    err));
	return (o->buf.len >= FLUSH ? flush(o, err) : 0);
}

/* Depth first, by a stack of what is left to do in each directory. */
static int
walk(struct out *o, const struct order *order, struct ioc_error *err)
{
	struct {
		uint32_t	dir, next;
		size_t		path;	/* its length */
	} stack[IOC_MEMBER_DEPTH + 1] = { 0 };
	size_t depth = 0;
	int r;

	(void)ioc_buf_addc(&o->path, '.');
	r = line(o, 0, err);
	stack[0].path = o->path.len;
	while (r == 0) {
		uint32_t i = stack[depth].next++;
		uint32_t n = i < order->n ? order->node[i] : 0;
		const struct ioc_node *node = ioc_table_node(o->table, n);

		if (n == 0 || node->parent != stack[depth].dir) {
			if (depth-- == 0)
				break;
			continue;
		}
		if (node->kind == IOC_MEMBER_NONE)
			continue;
		o->path.len = stack[depth].path;
		(void)ioc_buf_addc(&o->path, '/');
		(void)ioc_record_escape(&o->path, ioc_table_name(o->table, n));
		r = line(o, n, err);
		if (r == 0 && node->kind == IOC_MEMBER_DIR) {
			depth++;
			stack[depth].dir = n;
			stack[depth].next = first_of(order, n);
			stack[depth].path = o->path.len;
		}
	}
	return (r);
}

int
ioc_record_write(const struct ioc_table *t, int fd, struct ioc_error *err)
{
	auto_free uint32_t *nodes = calloc(t->n, sizeof(*nodes));
	struct order order = { .table = t, .node = nodes, .n = t->n - 1 };
	struct out o = {
		.table = t,
		.fd = fd,
		.buf = IOC_BUF(FLUSH + LINE),
		.path = IOC_BUF(4 * IOC_MEMBER_PATH + IOC_MEMBER_DEPTH),
	};
	int r;

	if (nodes == NULL)
		return (ioc_fail_nomem(err));
	for (uint32_t n = 1; n < t->n; n++)
		nodes[n - 1] = n;
	sort(&order);
	(void)ioc_buf_adds(&o.buf, IOC_RECORD_FIRST);
	r = walk(&o, &order, err);
	if (r == 0)
		r = flush(&o, err);
	ioc_buf_fini(&o.buf);
	ioc_buf_fini(&o.path);
	return (r);
}
