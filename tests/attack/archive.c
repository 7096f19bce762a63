/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile archives: each is unpacked by the naive twin, which suffers, and by
 * ours, which refuses it whole.
 */
#include "world.h"

#include <string.h>
#include <unistd.h>

static const char *
at(const char *name)
{
	static char path[2][256];
	static int i;

	i = !i;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", where, name);
	return (path[i]);
}

static void
a1(struct ioc_buf *b)
{
	TAR(b, at("outdir/pwned"), .data = "x");
}

static void
a2(struct ioc_buf *b)
{
	TAR(b, "good", .data = "x");
	TAR(b, "../outdir/pwned", .data = "x");
}

static void
a2_inner(struct ioc_buf *b)
{
	TAR(b, "a/", .type = '5', .mode = 0755);
	TAR(b, "./a/..//./../outdir/pwned", .data = "x");
}

static void
a4(struct ioc_buf *b)
{
	TAR(b, "x", .type = '2', .link = "../outdir");
	TAR(b, "x/pwned", .data = "x");
}

static void
a4_absolute(struct ioc_buf *b)
{
	TAR(b, "d/x", .type = '2', .link = at("outdir"));
	TAR(b, "d/x/y/", .type = '5', .mode = 0755);
}

static void
a4_file(struct ioc_buf *b)
{
	TAR(b, "x", .type = '2', .link = "../victim");
	TAR(b, "x", .data = "pwned");
}

static void
a5(struct ioc_buf *b)
{
	TAR(b, "d/", .type = '5', .mode = 0755);
	TAR(b, "d", .type = '2', .link = "../outdir");
	TAR(b, "d/pwned", .data = "x");
}

static void
a7(struct ioc_buf *b)
{
	TAR(b, "h", .type = '1', .link = at("victim"));
}

static void
a7_relative(struct ioc_buf *b)
{
	TAR(b, "h", .type = '1', .link = "../victim");
}

static void
a7_through(struct ioc_buf *b)
{
	TAR(b, "x", .type = '2', .link = "..");
	TAR(b, "h", .type = '1', .link = "x/victim");
}

static void
a8(struct ioc_buf *b)
{
	TAR(b, "h", .type = '1', .link = "../victim");
	TAR(b, "h", .data = "pwned");
}

static void
a9(struct ioc_buf *b)
{
	TAR(b, "s", .type = '2', .link = "../victim");
	TAR(b, "h", .type = '1', .link = "s");
	TAR(b, "h", .data = "pwned");
}

/*
 * Directories whose true path is longer than PATH_MAX, reached by short links:
 * who resolves them by their whole names cannot look at the last link, and takes
 * it for none.  realpath(3) is no such twin everywhere: where the kernel does its
 * work it says where the chain ends.
 */
static void
a10(struct ioc_buf *b)
{
	auto_buf struct ioc_buf links = IOC_BUF(8192), name = IOC_BUF(8192);
	char comp[248];

	memset(comp, 'd', 247);
	comp[247] = '\0';
	for (char c = 'a'; c <= 'q'; c++) {
		ioc_buf_clear(&name);
		(void)ioc_buf_addf(&name, "%s%s/", ioc_buf_str(&links), comp);
		TAR(b, name.data, .type = '5', .mode = 0755);
		ioc_buf_clear(&name);
		(void)ioc_buf_addf(&name, "%s%c", ioc_buf_str(&links), c);
		TAR(b, name.data, .type = '2', .link = comp);
		(void)ioc_buf_addf(&links, "%c/", c);
	}
	ioc_buf_clear(&name);
	for (int i = 0; i < 18; i++)
		(void)ioc_buf_adds(&name, "../");
	(void)ioc_buf_adds(&name, "outdir");
	(void)ioc_buf_adds(&links, "out");
	TAR(b, links.data, .type = '2', .link = name.data);
	(void)ioc_buf_adds(&links, "/pwned");
	TAR(b, links.data, .data = "x");
}

static void
a15_path(struct ioc_buf *b)
{
	PAX(b, "path", "../outdir/pwned");
	TAR(b, "innocent", .data = "x");
}

static void
a15_link(struct ioc_buf *b)
{
	TAR(b, "good", .data = "x");
	PAX(b, "linkpath", "../victim");
	TAR(b, "h", .type = '1', .link = "good");
}

static void
a17(struct ioc_buf *b)
{
	TAR(b, "a", .data = "first");
	TAR(b, "./a", .data = "second");
}

static void
a18_newline(struct ioc_buf *b)
{
	TAR(b, "a\nb", .data = "x");
}

static void
a18_escape(struct ioc_buf *b)
{
	TAR(b, "a\033[2Jb", .data = "x");
}

static void
a18_bytes(struct ioc_buf *b)
{
	TAR(b, "a\xff\xfe", .data = "x");
}

static void
a19(struct ioc_buf *b)
{
	TAR(b, "l", .type = '2', .link = "../outdir");
	TAR(b, "l/", .type = '5', .mode = 0777);
}

static void
a22_link(struct ioc_buf *b)
{
	TAR(b, ".", .type = '2', .link = "../outdir");
}

static void
a22_file(struct ioc_buf *b)
{
	TAR(b, "a/..", .data = "x");
}

static void
a22_empty(struct ioc_buf *b)
{
	TAR(b, "", .type = '5', .mode = 0777);
}

static void
beneath_file(struct ioc_buf *b)
{
	TAR(b, "f", .data = "x");
	TAR(b, "f/g", .data = "x");
}

static void
two_modes(struct ioc_buf *b)
{
	TAR(b, "d/", .type = '5', .mode = 0700);
	TAR(b, "d/", .type = '5', .mode = 0777);
}

static void
forward_link(struct ioc_buf *b)
{
	TAR(b, "h", .type = '1', .link = "later");
	TAR(b, "later", .data = "x");
}

static void
long_name(struct ioc_buf *b)
{
	char name[300];

	memset(name, 'n', 256);
	name[256] = '\0';
	TAR(b, name, .data = "x");
	name[255] = 'm';
	TAR(b, name, .data = "y");
}

static void
deep_name(struct ioc_buf *b)
{
	auto_buf struct ioc_buf name = IOC_BUF(4096);

	for (int i = 0; i < 64; i++)
		(void)ioc_buf_adds(&name, "d/");
	(void)ioc_buf_adds(&name, "f");
	TAR(b, name.data, .data = "x");
}

static void
negative_size(struct ioc_buf *b)
{
	TAR(b, "a", .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfc\x00");
}

static void
huge_size(struct ioc_buf *b)
{
	TAR(b, "a", .size = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
}

static void
sixty_five_gigabytes(struct ioc_buf *b)
{
	TAR(b, "a", .size = "\x80\0\0\0\0\0\0\x10\x40\0\0\0");
}

static bool
looped_or_wrapped(const struct twin *t)
{
	return (t->looped || t->overflowed);
}

static bool
second(void)
{
	return (contains("target/a", "second"));
}

static bool
something(void)
{
	return (entries("target") > 0 || entries("outdir") > 0);
}

/* The target itself is what the archive made of it. */
static bool
root_is_gone(void)
{
	struct stat st;

	return (is("target", &st) && !S_ISDIR(st.st_mode));
}

static bool
root_is_open(void)
{
	struct stat st;

	return (is("target", &st) && (st.st_mode & 07777) == 0777);
}

/* Two members, of which one is not there, and nothing is said. */
static bool
lost(void)
{
	return (entries("target") == 1);
}

static bool
one_of_two(void)
{
	char path[512] = "target/";

	memset(path + 7, 'n', 255);
	return (lost() && contains(path, "y"));
}

static const struct attack {
	const char	*name;
	void		(*build)(struct ioc_buf *);
	bool		(*damage)(void);	/* NULL: by number */
	int		 code;
	const char	*msg;
	struct twin	 twin;
	bool		 by_number;		/* the twin computes nonsense */
} attacks[] = {
	{ "attack_01 absolute name", a1, outside, IOC_UNSAFE, "absolute" },
	{ "attack_02 ..", a2, outside, IOC_UNSAFE, "\"..\" leads out" },
	{ "attack_02 .. inside", a2_inner, outside, IOC_UNSAFE,
	    "\"..\" leads out" },
	{ "attack_04 through a symlink", a4, outside, IOC_UNSAFE,
	    "through a symbolic link" },
	{ "attack_04 through an absolute symlink", a4_absolute, outside,
	    IOC_UNSAFE, "through a symbolic link" },
	{ "attack_04 symlink, then a file of its name", a4_file, outside,
	    IOC_UNSAFE, "was there before" },
	{ "attack_05 directory becomes a symlink", a5, outside, IOC_UNSAFE,
	    "was there before" },
	{ "attack_07 hard link out, absolute", a7, outside, IOC_UNSAFE,
	    "absolute" },
	{ "attack_07 hard link out, relative", a7_relative, outside,
	    IOC_UNSAFE, "\"..\" leads out" },
	{ "attack_07 hard link through a symlink", a7_through, outside,
	    IOC_UNSAFE, "through a symbolic link" },
	{ "attack_08 hard link, then overwrite", a8, outside, IOC_UNSAFE,
	    "\"..\"" },
	{ "attack_09 hard link to a symlink", a9, outside, IOC_UNSAFE,
	    "hard link to a symbolic link" },
	{ "attack_10 chain longer than PATH_MAX", a10, outside, IOC_UNSAFE,
	    "through a symbolic link", .twin.resolve = true },
	{ "attack_14 negative size", negative_size, NULL, IOC_FORMAT, NULL,
	    .by_number = true },
	{ "attack_14 huge size", huge_size, NULL, IOC_FORMAT, "overflow",
	    .by_number = true },
	{ "attack_15 pax path against ustar name", a15_path, outside,
	    IOC_UNSAFE, "\"..\" leads out" },
	{ "attack_15 pax link against ustar link", a15_link, outside,
	    IOC_UNSAFE, "\"..\" leads out" },
	{ "attack_16 larger than allowed", sixty_five_gigabytes, something,
	    IOC_LIMIT, "bytes in all" },
	{ "attack_17 the same name twice", a17, second, IOC_UNSAFE,
	    "was there before" },
	{ "attack_18 newline", a18_newline, something, IOC_UNSAFE,
	    "\"a\\nb\"" },
	{ "attack_18 escape sequence", a18_escape, something, IOC_UNSAFE,
	    "\"a\\x1b[2Jb\"" },
	{ "attack_18 not UTF-8", a18_bytes, something, IOC_UNSAFE,
	    "\\xff\\xfe" },
	{ "attack_19 trailing slash on a symlink", a19, outside, IOC_UNSAFE,
	    "was there before" },
	{ "attack_22 the root as a symlink", a22_link, root_is_gone,
	    IOC_UNSAFE, "root", .twin.join = true },
	{ "attack_22 the root as a file", a22_file, root_is_gone, IOC_UNSAFE,
	    "\"..\"", .twin.join = true },
	{ "attack_22 an empty name", a22_empty, root_is_open, IOC_UNSAFE,
	    "empty", .twin.join = true },
	{ "beneath a file", beneath_file, lost, IOC_UNSAFE,
	    "not a directory" },
	{ "two modes of one directory", two_modes, something, IOC_UNSAFE,
	    "another owner or mode" },
	{ "hard link to a later member", forward_link, lost, IOC_UNSAFE,
	    "not in the archive before" },
	{ "component of 256 bytes", long_name, one_of_two, IOC_LIMIT,
	    "255 bytes", .twin.cut = true },
	{ "65 components", deep_name, something, IOC_LIMIT, "64 components" },
};

static void
attack(const struct attack *a, enum filter f)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	struct twin t = a->twin;
	char name[128];
	int r;

	(void)snprintf(name, sizeof(name), "%s (%s)", a->name,
	    filter_names[f]);
	new_world();
	a->build(&b);
	tar_end(&b);
	if (f == NONE) {
		run_twin(&t, &b);
		check(a->damage == NULL || a->damage(), name,
		    "the twin withstands it", NULL);
		check(!a->by_number || looped_or_wrapped(&t), name,
		    "the twin can count", NULL);
		new_world();
		ioc_buf_clear(&b);
		a->build(&b);
		tar_end(&b);
	}
	tar_filter(&c, f, b.data, b.len);
	r = unpack(&c, true, true);
	check(r == a->code, name, "wrong code", err.msg);
	check(a->msg == NULL || strstr(err.msg, a->msg) != NULL, name,
	    "wrong sentence", err.msg);
	check(strpbrk(err.msg, "\n\033\xff") == NULL, name, "raw bytes", NULL);
	check(!outside(), name, "the host was changed", NULL);
	check(swept(), name, "something is left", NULL);
	if (f == NONE)
		(void)printf("ok    %s: %s\n", a->name, err.msg);
}

static void
filtered(void)
{
	for (int f = NONE; f < FILTERS; f++)
		for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
			attack(&attacks[i], (enum filter)f);
}

WORLDS(filtered, more, more_sets, bombs)
