/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge of a line of a jail's fstab: types, options and paths as tables. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "conf/fstab.h"
#include "conf/prop.h"

static const struct {
	const char	*name;
	enum ioc_fstab_kind kind;
	unsigned	 systems;
} types[] = {
	{ "nullfs", IOC_FSTAB_BIND, IOC_ON_ALL },
	{ "bind", IOC_FSTAB_BIND, IOC_ON_ALL },
	{ "tmpfs", IOC_FSTAB_TMPFS, IOC_ON_ALL },
	{ "devfs", IOC_FSTAB_DEV, IOC_ON_FREEBSD },
	{ "fdescfs", IOC_FSTAB_FDESC, IOC_ON_FREEBSD },
	{ "procfs", IOC_FSTAB_PROC, IOC_ON_FREEBSD },
	{ "linprocfs", IOC_FSTAB_LINPROC, IOC_ON_FREEBSD },
	{ "linsysfs", IOC_FSTAB_LINSYS, IOC_ON_FREEBSD },
};

/* One of each group may be given; `set` says whether the flag is. */
static const struct {
	const char	*name;
	unsigned	 flag;
	bool		 set;
} options[] = {
	{ "ro", IOC_FSTAB_RDONLY, true }, { "rw", IOC_FSTAB_RDONLY, false },
	{ "nosuid", IOC_FSTAB_NOSUID, true },
	{ "suid", IOC_FSTAB_NOSUID, false },
	{ "noexec", IOC_FSTAB_NOEXEC, true },
	{ "exec", IOC_FSTAB_NOEXEC, false },
	{ "nosymfollow", IOC_FSTAB_NOSYMFOLLOW, true },
	{ "symfollow", IOC_FSTAB_NOSYMFOLLOW, false },
	{ "idmap", IOC_FSTAB_IDMAP, true },
	{ "shared", IOC_FSTAB_SHARED, true },
	/* Always so, or said by the type already. */
	{ "nodev", 0, true }, { "bind", 0, true }, { "defaults", 0, true },
};

static int
judge_type(const char *type, struct ioc_fstab_mount *m, struct ioc_error *err)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(types[i].name, type) != 0)
			continue;
		m->kind = types[i].kind;
		if ((types[i].systems & ioc_prop_this_system) == 0)
			return (ioc_fail(err, IOC_UNSUPPORTED,
			    "type %s: not on this system", type));
		return (0);
	}
	return (ioc_fail(err, IOC_INVALID, "type \"%s\" is not one that a jail "
	    "can have", IOC_SHOW(type)));
}

static int
judge_size(const char *value, struct ioc_fstab_mount *m, struct ioc_error *err)
{
	if (m->kind != IOC_FSTAB_TMPFS || m->size != 0)
		return (ioc_fail(err, IOC_INVALID, "size= is for tmpfs, and "
		    "once"));
	if (ioc_str_to_size(value, &m->size, err) != 0)
		return (IOC_INVALID);
	return (m->size != 0 ? 0 : ioc_fail(err, IOC_INVALID, "size=0"));
}

static int
judge_option(const char *word, unsigned *given, struct ioc_fstab_mount *m,
    struct ioc_error *err)
{
	if (ioc_str_starts(word, "size="))
		return (judge_size(word + 5, m, err));
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcmp(options[i].name, word) != 0)
			continue;
		if ((*given & options[i].flag) != 0)
			return (ioc_fail(err, IOC_INVALID, "option %s: given "
			    "twice, or its contrary", word));
		*given |= options[i].flag;
		m->flags = options[i].set ? m->flags | options[i].flag :
		    m->flags & ~options[i].flag;
		return (0);
	}
	return (ioc_fail(err, IOC_INVALID, "option \"%s\" is not one that a "
	    "mount in a jail can have", IOC_SHOW(word)));
}

static int
judge_options(const char *text, struct ioc_fstab_mount *m,
    struct ioc_error *err)
{
	unsigned given = 0;
	char word[64];
	int r = 0;

	/* Data has neither set-id programs nor links that lead out of it. */
	m->flags = IOC_FSTAB_NOSUID;
	if (m->kind == IOC_FSTAB_BIND &&
	    ioc_prop_this_system == IOC_ON_FREEBSD)
		m->flags |= IOC_FSTAB_NOSYMFOLLOW;
	for (const char *p = text; r == 0; p++) {
		size_t len = strcspn(p, ",");

		if (len >= sizeof(word))
			return (ioc_fail(err, IOC_INVALID,
			    "option \"%s\" is too long", IOC_SHOW(p)));
		memcpy(word, p, len);
		word[len] = '\0';
		r = judge_option(word, &given, m, err);
		p += len;
		if (*p == '\0')
			break;
	}
	if (r == 0 && (m->flags & (IOC_FSTAB_IDMAP | IOC_FSTAB_SHARED)) != 0 &&
	    m->kind != IOC_FSTAB_BIND)
		r = ioc_fail(err, IOC_INVALID, "%s is for nullfs",
		    (m->flags & IOC_FSTAB_IDMAP) != 0 ? "idmap" : "shared");
	if (r == 0 && (m->flags & IOC_FSTAB_IDMAP) != 0 &&
	    ioc_prop_this_system != IOC_ON_LINUX)
		r = ioc_fail(err, IOC_UNSUPPORTED,
		    "option idmap: not on this system");
	return (r);
}

/* An absolute path, made plain; ".." in it is refused, not followed. */
static int
judge_path(const char *noun, const char *path, char out[IOC_FSTAB_PATH + 1],
    struct ioc_error *err)
{
	size_t n = 0;

	if (path[0] != '/')
		return (ioc_fail(err, IOC_INVALID, "%s \"%s\" is not an "
		    "absolute path", noun, IOC_SHOW(path)));
	if (strlen(path) > IOC_FSTAB_PATH)
		return (ioc_fail(err, IOC_INVALID, "%s is longer than %d bytes",
		    noun, IOC_FSTAB_PATH));
	for (const char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return (ioc_fail(err, IOC_INVALID, "%s \"%s\" has a "
			    "control character", noun, IOC_SHOW(path)));
	for (const char *p = path; *p != '\0';) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return (ioc_fail(err, IOC_UNSAFE, "%s \"%s\" has \"..\" "
			    "in it", noun, IOC_SHOW(path)));
		if (len > 255)
			return (ioc_fail(err, IOC_INVALID, "%s: a component is "
			    "longer than 255 bytes", noun));
		if (len > 0 && !(len == 1 && p[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len;
	}
	out[n] = '\0';
	return (n > 0 ? 0 : ioc_fail(err, IOC_UNSAFE, "%s is \"/\"", noun));
}

/* The name of a file system that comes from nowhere. */
static int
judge_word(const char *word, char out[IOC_FSTAB_PATH + 1],
    struct ioc_error *err)
{
	size_t len = strlen(word);
	bool good = len > 0 && len < 32 && isalpha((unsigned char)word[0]);

	for (size_t i = 0; good && i < len; i++)
		good = isalnum((unsigned char)word[i]);
	if (!good)
		return (ioc_fail(err, IOC_INVALID, "source \"%s\" is not a "
		    "word, as the name of its type", IOC_SHOW(word)));
	memcpy(out, word, len + 1);
	return (0);
}

int
ioc_fstab_judge(const struct ioc_fstab_entry *e, const char *old_root,
    struct ioc_fstab_mount *ret, struct ioc_error *err)
{
	size_t len = old_root != NULL ? strlen(old_root) : 0;
	const char *type = e->type, *target = e->target;
	int r;

	memset(ret, 0, sizeof(*ret));
	/* As Linux writes it: the type is none, and an option says what. */
	if (strcmp(type, "none") == 0 && strstr(e->options, "bind") != NULL)
		type = "bind";
	if (len > 1 && strncmp(target, old_root, len) == 0 &&
	    target[len] == '/')
		target += len;
	r = judge_type(type, ret, err);
	if (r == 0)
		r = judge_options(e->options, ret, err);
	if (r == 0)
		r = ret->kind == IOC_FSTAB_BIND ?
		    judge_path("source", e->source, ret->source, err) :
		    judge_word(e->source, ret->source, err);
	return (r == 0 ? judge_path("target", target, ret->target, err) : r);
}
