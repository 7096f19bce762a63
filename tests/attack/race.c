/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 25, 29, 34: everything that safe/path, file and tree do beneath a root, while
 * attackers rename, exchange and swap directories and files for links in it.
 * Nothing outside may be read or changed, in any round, by either resolver; the
 * same attackers win against a twin that looks before it leaps.
 *
 * ATTACK_ROUNDS in the environment is how many rounds there are in all: by hand,
 * 10000000 takes some minutes.  ATTACK_TEST is a pattern of tests.
 */
#include "tests/attack/attack.h"

#include <dirent.h>

#include "base/buf.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	ROUNDS	120000
#define	NAIVE_S	120.0	/* the twin must have lost by then */
#define	KEEP	(uid_t)-1, (gid_t)-1
#define	INSIDE	"inside"

/*
 * HOST/f, HOST/f2, HOST/sub beside HOST/root, the jail's root, in which d has
 * the same names, and l leads to HOST.
 */
struct world {
	struct tmp	t;
	int		root;
	unsigned	ok, refused;	/* rounds of a phase */
	int		flags;
};

static int
setup(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	tmp_open(&w.t);
	tmp_write(w.t.fd, "f", PRECIOUS);
	tmp_write(w.t.fd, "f2", PRECIOUS);
	tmp_write(w.t.fd, "g", PRECIOUS);
	tmp_mkdir(w.t.fd, "sub");
	tmp_write(w.t.fd, "sub/f", PRECIOUS);
	tmp_mkdir(w.t.fd, "root");
	w.root = openat(w.t.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tmp_mkdir(w.root, "d");
	tmp_write(w.root, "d/f", INSIDE);
	tmp_write(w.root, "d/f2", INSIDE);
	tmp_mkdir(w.root, "d/sub");
	tmp_write(w.root, "d/sub/f", INSIDE);
	tmp_symlink("..", w.root, "l");
	tmp_write(w.root, "g", INSIDE);
	tmp_symlink("../g", w.root, "k");
	*state = &w;
	return (0);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	(void)close(w->root);
	tmp_close(&w->t);
	return (0);
}

/* --- what is outside, as text ------------------------------------------------ */

static void
describe_dir(int dir, const char *name, struct ioc_buf *b)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);
	struct dirent *de;

	assert_non_null(d);
	while ((de = readdir(d)) != NULL)
		if (de->d_name[0] != '.' && strcmp(de->d_name, "root") != 0)
			(void)ioc_strv_add(&names, de->d_name);
	ioc_strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		char value[16];
		struct stat st;
		int file;

		assert_int_equal(fstatat(fd, names.v[i], &st,
		    AT_SYMLINK_NOFOLLOW), 0);
		/* A directory has times and links of its own. */
		(void)ioc_buf_addf(b, "%s/%s %o %u %jd", name, names.v[i],
		    (unsigned)st.st_mode, (unsigned)st.st_uid,
		    S_ISDIR(st.st_mode) ? 0 : (intmax_t)st.st_mtime);
		if (S_ISREG(st.st_mode)) {
			file = openat(fd, names.v[i], O_RDONLY);
			(void)ioc_buf_addf(b, " %u %s %zd",
			    (unsigned)st.st_nlink,
			    tmp_read(fd, names.v[i]),
			    tmp_get_xattr(file, "race", value, 16));
			(void)close(file);
		}
		(void)ioc_buf_addc(b, '\n');
	}
	(void)closedir(d);
}

static void
outside(struct world *w, struct ioc_buf *b)
{
	describe_dir(w->t.fd, ".", b);
	describe_dir(w->t.fd, "sub", b);
}

/* --- attackers ---------------------------------------------------------------- */

static void
by_exchange(int root)
{
	attack_exchange(root, "d", "l");
}

static void
by_renames(int root)
{
	(void)renameat(root, "d", root, "x");
	(void)renameat(root, "l", root, "d");
	(void)renameat(root, "d", root, "l");
	(void)renameat(root, "x", root, "d");
}

/* The directory that ".." is taken of is somewhere else. */
static void
by_moving_up(int root)
{
	(void)renameat(root, "d/sub", root, "sub");
	(void)renameat(root, "sub", root, "d/sub");
	attack_exchange(root, "d", "l");
	attack_exchange(root, "d", "l");
}

/* A new link each time, put over what stands there. */
static void
by_replacing(int root)
{
	(void)renameat(root, "d", root, "y");
	(void)!symlinkat("..", root, "d");
	(void)unlinkat(root, "d", 0);
	(void)!symlinkat("../sub/..", root, "d");
	(void)unlinkat(root, "d", 0);
	(void)renameat(root, "y", root, "d");
}

static void
by_file(int root)
{
	attack_exchange(root, "g", "k");
}

static const struct {
	const char	*name;
	void		(*fn)(int root);
} attackers[] = {
	{ "exchange", by_exchange }, { "renames", by_renames },
	{ "moving up", by_moving_up }, { "replacing", by_replacing },
	{ "files", by_file },
};
#define	N_ATTACKERS	(sizeof(attackers) / sizeof(*attackers))

/* --- what is attacked ---------------------------------------------------------- */

static void
count(struct world *w, int r)
{
	w->ok += r >= 0;
	w->refused += r == IOC_UNSAFE || r == IOC_NOT_FOUND ||
	    r == IOC_EXISTS || r == IOC_BUSY;
}

static void
read_one(struct world *w, const char *path)
{
	char text[16] = "";
	int fd = ioc_path_open(w->root, path, O_RDONLY, w->flags, NULL);

	count(w, fd);
	if (fd < 0)
		return;
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	assert_true(strcmp(text, INSIDE) == 0 || strcmp(text, "") == 0);
}

static void
op_read(struct world *w)
{
	read_one(w, "d/f");
	read_one(w, "d/sub/../f");
	read_one(w, "d/sub/f");
	read_one(w, "g");
}

static void
op_write(struct world *w)
{
	int flags = IOC_FILE_NOSYNC | (w->flags != 0 ? IOC_FILE_WALK : 0);

	count(w, ioc_file_replace(w->root, "d/f", INSIDE, 6, 0644, KEEP,
	    flags, NULL));
	count(w, ioc_file_replace(w->root, "g", INSIDE, 6, 0644, KEEP,
	    flags, NULL));
}

static void
close_one(struct world *w, int fd)
{
	count(w, fd);
	if (fd >= 0)
		(void)close(fd);
}

static void
op_make(struct world *w)
{
	close_one(w, ioc_path_create(w->root, "d/made", 0600, w->flags, NULL));
	close_one(w, ioc_path_mkdir(w->root, "d/dir", 0700, w->flags, NULL));
	close_one(w, ioc_path_mkdirs(w->root, "d/dir/in/it", 0700, KEEP,
	    w->flags, NULL));
	count(w, ioc_path_symlink("../f", w->root, "d/link", w->flags, NULL));
}

static void
op_link(struct world *w)
{
	count(w, ioc_path_link(w->root, "d/f", "d/hard", w->flags, NULL));
	count(w, ioc_path_link(w->root, "d/f", "hard", w->flags, NULL));
	count(w, ioc_path_unlink(w->root, "hard", w->flags, NULL));
}

static void
op_rename(struct world *w)
{
	count(w, ioc_path_rename(w->root, "d/made", "d/moved", w->flags,
	    NULL));
	count(w, ioc_path_rename(w->root, "d/f2", "d/f3", w->flags, NULL));
	count(w, ioc_path_rename(w->root, "d/f3", "d/f2", w->flags, NULL));
	count(w, ioc_path_exchange(w->root, "d/f", "d/f2", w->flags, NULL));
}

static void
op_remove(struct world *w)
{
	count(w, ioc_path_unlink(w->root, "d/moved", w->flags, NULL));
	count(w, ioc_path_unlink(w->root, "d/hard", w->flags, NULL));
	count(w, ioc_path_remove(w->root, "d/link", w->flags, NULL));
	count(w, ioc_path_rmdir(w->root, "d/dir/in/it", w->flags, NULL));
	count(w, ioc_path_rmdir(w->root, "d/dir/in", w->flags, NULL));
	count(w, ioc_path_remove(w->root, "d/dir", w->flags, NULL));
}

static void
op_attributes(struct world *w)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st;

	count(w, ioc_path_chmod(w->root, "d/f", 0640, w->flags, NULL));
	count(w, ioc_path_chmod(w->root, "g", 0640, w->flags, NULL));
	count(w, ioc_path_chown(w->root, "d/f", 1, 1, w->flags, NULL));
	count(w, ioc_path_utimes(w->root, "d/f", times, w->flags, NULL));
	count(w, ioc_path_xattr_set(w->root, "d/f", "user.race", "x", 1,
	    w->flags, NULL));
	if (ioc_path_stat(w->root, "d/f", w->flags, &st, NULL) == 0)
		assert_true(st.st_size != sizeof(PRECIOUS) - 1);
}

static void (*const ops[])(struct world *) = {
	op_read, op_write, op_make, op_link, op_rename, op_remove,
	op_attributes, op_read,
};
#define	N_OPS	(sizeof(ops) / sizeof(*ops))

static void
test_attack_25__nothing_outside(void **state)
{
	unsigned each = attack_rounds(ROUNDS) / N_ATTACKERS;
	struct world *w = *state;
	double start;

	for (size_t i = 0; i < N_ATTACKERS; i++) {
		auto_buf struct ioc_buf before = IOC_BUF(8192);
		pid_t pid = attack_start(attackers[i].fn, w->root);

		outside(w, &before);
		start = attack_now();
		w->ok = w->refused = 0;
		for (unsigned n = 0; n < each; n++) {
			w->flags = n & 1 ? IOC_PATH_WALK : 0;
			ops[n / 2 % N_OPS](w);
			if (n % 1000 == 999) {
				auto_buf struct ioc_buf now = IOC_BUF(8192);

				outside(w, &now);
				assert_string_equal(now.data, before.data);
			}
		}
		attack_stop(pid);
		print_message("%s: %u rounds in %.1f s, %u calls did it, %u "
		    "refused\n", attackers[i].name, each,
		    attack_now() - start, w->ok, w->refused);
		assert_true(w->ok > 0 && w->refused > 0);
		/* Whatever it was doing when it ended. */
		(void)teardown(state);
		(void)setup(state);
		w = *state;
	}
}

/* --- trees -------------------------------------------------------------------- */

/*
 * victim/a/b with files; the attacker puts links to the outside in the place of
 * each directory.  It never goes through one itself.
 */
static void
by_tree(int root)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	auto_fd int victim = openat(root, "victim", flags), a = -1;

	if (victim < 0)
		return;
	a = openat(victim, "a", flags);
	attack_exchange(victim, "a", "out");
	attack_exchange(victim, "a", "out");
	if (a < 0)
		return;
	attack_exchange(a, "b", "out2");
	(void)renameat(a, "b", root, "b");
	(void)renameat(root, "b", a, "b");
	attack_exchange(a, "b", "out2");
}

/* Beneath the root as well, for the attacker never sleeps. */
static void
make_victim(int root)
{
	static const char *const files[] = { "victim/f", "victim/a/f",
		"victim/a/b/f", "victim/a/b/sub/f" };
	int fd = ioc_path_mkdirs(root, "victim/a/b/sub", 0755, KEEP,
	    IOC_PATH_NOLINKS, NULL);

	if (fd >= 0)
		(void)close(fd);
	for (size_t i = 0; i < 4; i++) {
		fd = ioc_path_create(root, files[i], 0644, IOC_PATH_NOLINKS,
		    NULL);
		if (fd >= 0) {
			(void)!write(fd, INSIDE, 6);
			(void)close(fd);
		}
	}
	(void)ioc_path_symlink("../..", root, "victim/out", IOC_PATH_NOLINKS,
	    NULL);
	(void)ioc_path_symlink("../../../sub", root, "victim/a/out2",
	    IOC_PATH_NOLINKS, NULL);
}

/* A directory of the copy, no link in it, that holds what is outside. */
static bool
has_precious(int copy, const char *path)
{
	auto_fd int dir = ioc_path_dir(copy, path, IOC_PATH_NOLINKS, NULL);
	const char *text = dir >= 0 && tmp_exists(dir, "f") ?
	    tmp_read(dir, "f") : NULL;

	return (text != NULL && strcmp(text, PRECIOUS) == 0);
}

static void
test_attack_34__trees_removed_and_copied(void **state)
{
	unsigned n = attack_rounds(ROUNDS) / 200, removed = 0, copied = 0;
	struct world *w = *state;
	double start = attack_now();
	auto_buf struct ioc_buf before = IOC_BUF(8192);
	auto_buf struct ioc_buf after = IOC_BUF(8192);
	pid_t pid = attack_start(by_tree, w->root);

	outside(w, &before);
	for (unsigned i = 0; i < n; i++) {
		auto_fd int from = -1, to = -1;

		make_victim(w->root);
		tmp_mkdir(w->root, "copy");
		from = ioc_path_dir(w->root, "victim", 0, NULL);
		to = ioc_path_dir(w->root, "copy", 0, NULL);
		if (from >= 0 && to >= 0)
			copied += ioc_tree_copy(from, to, NULL, NULL, NULL) ==
			    0;
		/* A link was copied as a link, if at all. */
		assert_false(has_precious(to, "a"));
		assert_false(has_precious(to, "a/b"));
		removed += ioc_tree_remove(w->root, "victim", NULL) == 0;
		while (ioc_tree_remove(w->root, "copy", NULL) != 0)
			continue;
	}
	attack_stop(pid);
	print_message("%u rounds in %.1f s: %u copied, %u removed\n", n,
	    attack_now() - start, copied, removed);
	assert_true(removed > 0);
	outside(w, &after);
	assert_string_equal(after.data, before.data);
}

/* --- the twin ------------------------------------------------------------------- */

/* True when d is a directory: it looks, and then it leaps. */
static bool
looks_good(struct world *w)
{
	struct stat st;

	return (fstatat(w->root, "d", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode));
}

static void
twin_read(struct world *w)
{
	const char *text = tmp_read(w->root, "d/f");

	/* What it has read it tells. */
	if (text != NULL && strcmp(text, PRECIOUS) == 0)
		tmp_write(w->t.fd, "told", text);
}

static void
twin_create(struct world *w)
{
	int fd = openat(w->root, "d/made", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd >= 0)
		(void)close(fd);
}

static void
twin_link(struct world *w)
{
	(void)!linkat(w->root, "d/f", w->root, "d/hard", 0);
}

static void
twin_rename(struct world *w)
{
	/* There and back again, one step a round. */
	if (renameat(w->root, "d/f2", w->root, "d/f3") != 0)
		(void)renameat(w->root, "d/f3", w->root, "d/f2");
}

static void
twin_unlink(struct world *w)
{
	(void)unlinkat(w->root, "d/f2", 0);
}

static void
twin_chmod(struct world *w)
{
	(void)!fchmodat(w->root, "d/f", 0777, 0);
}

static void (*const twins[])(struct world *) = {
	twin_read, twin_create, twin_link, twin_rename, twin_unlink,
	twin_chmod,
};

static void
test_attack_25__each_twin_is_beaten(void **state)
{
	static const char *const verbs[] = { "read", "create", "link",
		"rename", "unlink", "chmod" };

	for (size_t i = 0; i < sizeof(twins) / sizeof(*twins); i++) {
		auto_buf struct ioc_buf before = IOC_BUF(8192);
		struct world *w = *state;
		double start = attack_now();
		bool beaten = false;
		unsigned n = 0;
		pid_t pid;

		outside(w, &before);
		pid = attack_start(by_exchange, w->root);
		while (!beaten && attack_now() < start + NAIVE_S) {
			auto_buf struct ioc_buf now = IOC_BUF(8192);

			n++;
			if (looks_good(w))
				twins[i](w);
			outside(w, &now);
			beaten = strcmp(now.data, before.data) != 0;
		}
		attack_stop(pid);
		print_message("%s: the twin is beaten in round %u\n", verbs[i],
		    n);
		assert_true(beaten);
		(void)teardown(state);
		(void)setup(state);
	}
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_attack_25__nothing_outside),
		IN_WORLD(test_attack_34__trees_removed_and_copied),
		IN_WORLD(test_attack_25__each_twin_is_beaten),
	};

	if (geteuid() != 0) {
		puts("skipped: needs root");
		return (ATTACK_SKIP);
	}
	/* In memory, where there is such a place: ten times as many rounds. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	if (getenv("ATTACK_TEST") != NULL)
		cmocka_set_test_filter(getenv("ATTACK_TEST"));
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
