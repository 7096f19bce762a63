/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The merge of an upgrade against an /etc that a jail has prepared for it: a twin
 * that merges by names reads and writes files of the host, waits, or fills its
 * memory.
 */
#include "tests/attack/attack.h"

#include <sys/stat.h>

#include "base/buf.h"
#include "core/host.h"
#include "core/upgrade.h"
#include "safe/merge.h"

#define	MOTD	"etc/motd"

static const char *const none[] = { NULL };
static const struct ioc_dist_upgrade rules = {
	.system = none, .own = none, .theirs = none, .entries = none,
	.rebuild = NULL, .databases = none,
};

/* base, theirs and ours, a place for conflicts, and a file of the host. */
struct roots {
	struct tmp	 t;
	int		 base, theirs, ours;
	char		 secret[128];
};

static int
make_root(struct roots *w, const char *name, const char *motd)
{
	char path[64];
	int fd;

	assert_int_equal(mkdirat(w->t.fd, name, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/etc", name);
	assert_int_equal(mkdirat(w->t.fd, path, 0755), 0);
	fd = openat(w->t.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	tmp_write(fd, MOTD, motd);
	return (fd);
}

static void
roots_open(struct roots *w)
{
	tmp_open(&w->t);
	w->base = make_root(w, "base", "a\nb\nc\n");
	w->theirs = make_root(w, "theirs", "a\nb\nC\n");
	w->ours = make_root(w, "ours", "a\nb\nc\n");
	assert_int_equal(mkdirat(w->t.fd, "jail", 0700), 0);
	tmp_write(w->t.fd, "secret", PRECIOUS);
	(void)snprintf(w->secret, sizeof(w->secret), "%s/secret", w->t.path);
}

static void
roots_close(struct roots *w)
{
	(void)close(w->base);
	(void)close(w->theirs);
	(void)close(w->ours);
	tmp_close(&w->t);
}

#define	auto_roots	__attribute__((cleanup(roots_close)))

/* How many conflicts ours finds; a code. */
static int
ours(const struct roots *w, struct ioc_error *err)
{
	struct ioc_host h = { .helper_dir = getenv("HELPER_DIR") };
	struct ioc_upgrade_kept k = { .place = -1, .dir = -1, .from = "old",
		.to = "new" };
	struct ioc_upgrade_tree t = {
		.host = &h, .who = "web", .rules = &rules, .base = w->base,
		.theirs = w->theirs, .ours = w->ours, .kept = &k,
	};
	int r;

	k.place = openat(w->t.fd, "jail", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* As it is opened when there is one already. */
	k.dir = openat(k.place, "upgrade", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = ioc_upgrade_merge(&t, err);
	ioc_upgrade_kept_fini(&k);
	return (r != 0 ? r : (int)t.conflicts);
}

/* A twin that takes names for what they say: ours becomes theirs. */
static void
twin(const struct roots *w)
{
	char text[256] = "";
	int from = openat(w->ours, MOTD, O_RDONLY), to;

	if (from >= 0) {
		(void)!read(from, text, sizeof(text) - 1);
		(void)close(from);
	}
	to = openat(w->t.fd, "jail/kept", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)!write(to, text, strlen(text));
	(void)close(to);
	to = openat(w->ours, MOTD, O_WRONLY | O_TRUNC);
	(void)!write(to, "a\nb\nC\n", 6);
	(void)close(to);
}

/* Nothing that is kept has anything of the file of the host. */
static bool
is_kept(const struct roots *w)
{
	char dir[96];

	(void)snprintf(dir, sizeof(dir), "%s/jail", w->t.path);
	return (TMP_RUN("grep", "-rq", PRECIOUS, dir) == 0);
}

static bool
is_intact(const struct roots *w)
{
	return (strcmp(tmp_read(w->t.fd, "secret"), PRECIOUS) == 0);
}

static void
test_attack_52__links(void **state)
{
	auto_roots struct roots w;
	struct ioc_error err = { .msg = "" };

	roots_open(&w);
	assert_int_equal(unlinkat(w.ours, MOTD, 0), 0);
	assert_int_equal(symlinkat(w.secret, w.ours, MOTD), 0);
	assert_int_equal(ours(&w, &err), 1);
	assert_true(is_intact(&w));
	assert_false(is_kept(&w));
	twin(&w);
	assert_true(is_kept(&w));
	assert_false(is_intact(&w));
}

/* The directory itself is a link to one of the host. */
static void
test_attack_52__directory(void **state)
{
	auto_roots struct roots w;
	struct ioc_error err = { .msg = "" };
	char host[128];

	roots_open(&w);
	(void)snprintf(host, sizeof(host), "%s/host", w.t.path);
	assert_int_equal(mkdirat(w.t.fd, "host", 0755), 0);
	tmp_write(w.t.fd, "host/motd", PRECIOUS);
	assert_int_equal(unlinkat(w.ours, MOTD, 0), 0);
	assert_int_equal(unlinkat(w.ours, "etc", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat(host, w.ours, "etc"), 0);
	/* What is no directory any more stays what it is. */
	assert_int_equal(ours(&w, &err), 0);
	assert_string_equal(tmp_read(w.t.fd, "host/motd"), PRECIOUS);
	assert_false(is_kept(&w));
	twin(&w);
	assert_string_not_equal(tmp_read(w.t.fd, "host/motd"), PRECIOUS);
}

static void
twin_apart(void *arg)
{
	twin(arg);
}

static void
ours_apart(void *arg)
{
	struct ioc_error err;

	_exit(ours(arg, &err) == 1 ? 0 : 1);
}

static void
test_attack_52__kinds(void **state)
{
	auto_roots struct roots w;
	struct ioc_error err = { .msg = "" };
	struct stat st;

	roots_open(&w);
	assert_int_equal(unlinkat(w.ours, MOTD, 0), 0);
	assert_int_equal(mkfifoat(w.ours, MOTD, 0644), 0);
	assert_false(attack_hangs(ours_apart, &w));
	assert_true(attack_hangs(twin_apart, &w));
	assert_int_equal(fstatat(w.ours, MOTD, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISFIFO(st.st_mode));
	/* A conflict, told again as often as it is asked for. */
	assert_int_equal(ours(&w, &err), 1);
	assert_int_equal(ours(&w, &err), 1);
}

/* As much as a twin would have to hold in its memory. */
static uint64_t
twin_reads(const struct roots *w, uint64_t enough)
{
	static char part[1 << 20];
	int fd = openat(w->ours, MOTD, O_RDONLY | O_CLOEXEC);
	uint64_t sum = 0;
	ssize_t n;

	while (sum < enough && (n = read(fd, part, sizeof(part))) > 0)
		sum += (uint64_t)n;
	(void)close(fd);
	return (sum);
}

static void
test_attack_52__large(void **state)
{
	auto_roots struct roots w;
	struct ioc_error err = { .msg = "" };
	struct stat st;
	double t;
	int fd;

	roots_open(&w);
	fd = openat(w.ours, MOTD, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	(void)close(fd);
	assert_true(twin_reads(&w, 64 << 20) >= 64 << 20);
	t = attack_now();
	assert_int_equal(ours(&w, &err), 1);
	assert_true(attack_now() - t < 20);
	assert_int_equal(fstatat(w.t.fd, "jail/upgrade/merge/etc/motd.jail",
	    &st, 0), 0);
	assert_true(st.st_size < 1000);
}

static void
swap(int dir)
{
	attack_exchange(dir, MOTD, "etc/other");
}

/* What is exchanged for each other; ours may have replaced either. */
static pid_t
plant(const struct roots *w)
{
	(void)unlinkat(w->ours, MOTD, 0);
	(void)unlinkat(w->ours, "etc/other", 0);
	tmp_write(w->ours, MOTD, "a\nb\nmine\n");
	assert_int_equal(symlinkat(w->secret, w->ours, "etc/other"), 0);
	return (attack_start(swap, w->ours));
}

/* It changes all the time, though no jail runs then: still nothing gets out. */
static void
test_attack_52__changes(void **state)
{
	double end = attack_now() + 12;
	auto_roots struct roots w;
	pid_t pid;

	roots_open(&w);
	for (unsigned i = attack_rounds(40); i > 0 && attack_now() < end;
	    i--) {
		struct ioc_error err;

		pid = plant(&w);
		(void)ours(&w, &err);
		attack_stop(pid);
		assert_true(is_intact(&w));
		assert_false(is_kept(&w));
	}
	/* By names it works sooner or later. */
	pid = plant(&w);
	for (unsigned i = 0; i < 100000 && is_intact(&w); i++)
		twin(&w);
	attack_stop(pid);
	assert_false(is_intact(&w));
}

/* Only root can look at what is kept, and nothing in it leads anywhere. */
static void
test_attack_52__kept(void **state)
{
	auto_roots struct roots w;
	struct ioc_error err = { .msg = "" };
	struct stat st;

	roots_open(&w);
	(void)umask(0);
	tmp_write(w.ours, MOTD, "a\nb\nmine\n");
	if (ours(&w, &err) != 1)
		fail_msg("%s", err.msg);
	assert_int_equal(fstatat(w.t.fd, "jail/upgrade", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(w.t.fd, "jail/upgrade/merge/" MOTD, &st, 0),
	    0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* The twin's is what umask makes of it. */
	tmp_write(w.t.fd, "jail/twin", "x");
	assert_int_equal(fstatat(w.t.fd, "jail/twin", &st, 0), 0);
	assert_true((st.st_mode & 077) != 0);
}

UNIT_MAIN(
	cmocka_unit_test(test_attack_52__links),
	cmocka_unit_test(test_attack_52__directory),
	cmocka_unit_test(test_attack_52__kinds),
	cmocka_unit_test(test_attack_52__large),
	cmocka_unit_test(test_attack_52__changes),
	cmocka_unit_test(test_attack_52__kept),
)
