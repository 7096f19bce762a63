/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for other programs, read back by these programs: sh, what reads
 * rc.conf, and what reads an fstab.
 */
#include "tests/attack/attack.h"

#if __has_include(<mntent.h>)
#include <mntent.h>
#else
#include <fstab.h>
#endif

#include "base/buf.h"
#include "base/quote.h"

#define	WORDS	400
#define	ROUNDS	10

/* 35: what a name would be if nobody judged names. */
static const char *const hostile[] = {
	"; touch pwned", "$(touch pwned)", "`touch pwned`", "\"; touch pwned;\"",
	"'; touch pwned; '", "a\ntouch pwned", "| touch pwned", "& touch pwned",
	"> pwned", "${IFS}", "$'\\n'", "\\", "\\\\", "\\'", "'", "\"", "''", "-x",
	"--", "@", "%s%n", "/", "..", "~", "~root", "*", "?", "[a-z]", "{a,b}",
	"#", " #", "# x", "!", "!!", "a b", " a", "a ", "\t", "\n", "\r", "\v\f",
	"\\040", "\\0", "\\134", "=", "a=b", "\xff\xfe", "\xc3", "\xe2\x80\xae",
	"\x01\x7f\x80\x81\x82\x88", "*?\x81", "\"\\\n\\\"", "$", "$$", "a\\\nb",
};
#define	N_HOSTILE	(sizeof(hostile) / sizeof(*hostile))

struct world {
	struct tmp	t;
	char		words[WORDS][300];
	size_t		n;
	unsigned	seed;
};

static int
setup(void **state)
{
	static struct world w;

	tmp_open(&w.t);
	w.seed = 1;
	*state = &w;
	return (0);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	tmp_close(&w->t);
	return (0);
}

/* The hostile ones, one of every byte, and chance. */
static void
fill(struct world *w)
{
	w->n = 0;
	for (size_t i = 0; i < N_HOSTILE; i++)
		strcpy(w->words[w->n++], hostile[i]);
	for (int c = 1; c < 256; c++) {
		w->words[w->n][0] = (char)c;
		w->words[w->n++][1] = '\0';
	}
	while (w->n < WORDS) {
		char *word = w->words[w->n++];
		size_t len = (size_t)rand_r(&w->seed) % 256 + 1;

		for (size_t i = 0; i < len; i++)
			word[i] = (char)(rand_r(&w->seed) % 255 + 1);
		word[len] = '\0';
	}
}

/* Runs a script in the world by one of the shells; its output. */
static char *
run_script(struct world *w, const char *shell, const char *script, size_t len)
{
	char *out = calloc(1, WORDS * 300);
	size_t n = 0;
	int fd, status;
	pid_t pid;

	fd = openat(w->t.fd, "script", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0 && write(fd, script, len) == (ssize_t)len);
	(void)close(fd);
	pid = fork();
	if (pid == 0) {
		fd = openat(w->t.fd, "out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || dup2(fd, 1) < 0 || fchdir(w->t.fd) != 0)
			_exit(99);
		(void)setenv("LC_ALL", "C", 1);
		(void)execlp(shell, shell, "script", (char *)NULL);
		_exit(98);
	}
	(void)waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 98) {
		free(out);
		return (NULL);
	}
	fd = openat(w->t.fd, "out", O_RDONLY);
	for (ssize_t k = 1; k > 0; n += (size_t)k)
		k = read(fd, out + n, WORDS * 300 - n);
	(void)close(fd);
	return (out);
}

static void
compare(const struct world *w, const char *shell, const char *out)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(out, w->words[i]) != 0)
			fail_msg("%s: word %zu was %s and is %s", shell, i,
			    w->words[i], out);
		out += strlen(out) + 1;
	}
}

static const char *const shells[] = { "/bin/sh", "bash", "dash", "ksh", "zsh" };

static void
test_attack_35__words_of_sh(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS; round++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);

		fill(w);
		(void)ioc_buf_adds(&b, "printf '%s\\0'");
		for (size_t i = 0; i < w->n; i++) {
			(void)ioc_buf_addc(&b, ' ');
			ioc_quote_sh(&b, w->words[i]);
		}
		(void)ioc_buf_addc(&b, '\n');
		assert_int_equal(ioc_buf_check(&b, NULL), 0);
		for (size_t i = 0; i < 5; i++) {
			char *out = run_script(w, shells[i], b.data, b.len);

			if (out != NULL)
				compare(w, shells[i], out);
			free(out);
		}
	}
	assert_false(tmp_exists(w->t.fd, "pwned"));
	/* The twin puts the word there as it is. */
	for (size_t i = 0; i < 8; i++) {
		char script[128];

		(void)snprintf(script, sizeof(script), "echo %s\n", hostile[i]);
		free(run_script(w, "/bin/sh", script, strlen(script)));
		if (tmp_exists(w->t.fd, "pwned"))
			assert_int_equal(unlinkat(w->t.fd, "pwned", 0), 0);
		else if (i != 3 && i != 4)
			fail_msg("%s does nothing", hostile[i]);
	}
}

static void
test_attack_35__values_of_rc_conf(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS; round++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		char *out;

		fill(w);
		for (size_t i = 0; i < w->n; i++) {
			(void)ioc_buf_addf(&b, "v%zu=", i);
			ioc_quote_rcconf(&b, w->words[i]);
			(void)ioc_buf_addc(&b, '\n');
		}
		assert_int_equal(ioc_buf_check(&b, NULL), 0);
		/* As rc does: the file is sourced. */
		tmp_write(w->t.fd, "rc.conf", b.data);
		ioc_buf_clear(&b);
		(void)ioc_buf_adds(&b, ". ./rc.conf\n");
		for (size_t i = 0; i < w->n; i++)
			(void)ioc_buf_addf(&b, "printf '%%s\\0' \"$v%zu\"\n",
			    i);
		for (size_t i = 0; i < 3; i++) {
			out = run_script(w, shells[i], b.data, b.len);
			if (out != NULL)
				compare(w, shells[i], out);
			free(out);
		}
	}
	assert_false(tmp_exists(w->t.fd, "pwned"));
	tmp_write(w->t.fd, "rc.conf", "v=\"$(touch pwned)\"\n");
	free(run_script(w, "/bin/sh", ". ./rc.conf\n", 12));
	assert_true(tmp_exists(w->t.fd, "pwned"));
}

/* Reads the fstab by the C library; false at its end. */
static bool
next_entry(FILE *f, const char **source, const char **target)
{
#if __has_include(<mntent.h>)
	static char buf[8192];
	static struct mntent m;

	if (getmntent_r(f, &m, buf, sizeof(buf)) == NULL)
		return (false);
	*source = m.mnt_fsname;
	*target = m.mnt_dir;
	assert_string_equal(m.mnt_type, "nullfs");
	assert_string_equal(m.mnt_opts, "ro");
#else
	struct fstab *e = getfsent();

	if (e == NULL)
		return (false);
	*source = e->fs_spec;
	*target = e->fs_file;
	assert_string_equal(e->fs_vfstype, "nullfs");
#endif
	return (true);
}

/* What some reader of an fstab does not take for part of a field or line. */
static bool
no_field(const char *word)
{
	return (strpbrk(word, "\r\v\f") != NULL);
}

static void
add_path(struct ioc_buf *b, const char *begin, const char *word)
{
	char path[320];

	(void)snprintf(path, sizeof(path), "%s%s", begin, word);
	ioc_quote_fstab(b, path);
}

static void
test_attack_35__fields_of_fstab(void **state)
{
	struct world *w = *state;
	char path[128];
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/fstab", w->t.path);
	for (int round = 0; round < ROUNDS; round++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		const char *source, *target;
		size_t i = 0;

		fill(w);
		for (size_t k = 0; k < w->n; k++) {
			if (no_field(w->words[k]))
				continue;
			add_path(&b, "/", w->words[k]);
			(void)ioc_buf_addc(&b, '\t');
			add_path(&b, "/t", w->words[k]);
			(void)ioc_buf_adds(&b, "\tnullfs ro 0 0\n");
		}
		tmp_write(w->t.fd, "fstab", ioc_buf_str(&b));
#if __has_include(<mntent.h>)
		f = setmntent(path, "r");
		assert_non_null(f);
#else
		setfstab(path);
		assert_int_equal(setfsent(), 1);
#endif
		while (next_entry(f, &source, &target)) {
			while (no_field(w->words[i]))
				i++;
			assert_string_equal(source + 1, w->words[i]);
			assert_string_equal(target + 2, w->words[i++]);
		}
		while (i < w->n && no_field(w->words[i]))
			i++;
		assert_int_equal(i, w->n);
#if __has_include(<mntent.h>)
		(void)endmntent(f);
#else
		endfsent();
#endif
	}
}

/* And by ours: every byte, also those that no path should have. */
static void
test_quote_fstab__round(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < 10 * ROUNDS; round++) {
		fill(w);
		for (size_t i = 0; i < w->n; i++) {
			auto_buf struct ioc_buf b = IOC_BUF(8192), t =
			    IOC_BUF(8192);

			ioc_quote_fstab(&b, w->words[i]);
			assert_null(strpbrk(b.data, " \t\n\r\v\f"));
			assert_true(b.data[0] != '#');
			ioc_unquote_fstab(&t, b.data, b.len);
			assert_string_equal(t.data, w->words[i]);
		}
	}
}

static void
test_unquote_fstab__old_forms(void **state)
{
	static const char *const forms[][2] = {
		{ "/a\\ b", "/a b" }, { "/a\\040b", "/a b" },
		{ "/a\\\\040", "/a\\040" }, { "/a\\", "/a\\" },
		{ "/\\134", "/\\" }, { "/\\08", "/08" }, { "/\\777", "/777" },
		{ "/\\000x", "/000x" }, { "/\\377", "/\xff" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		auto_buf struct ioc_buf b = IOC_BUF(64);

		ioc_unquote_fstab(&b, forms[i][0], strlen(forms[i][0]));
		assert_string_equal(ioc_buf_str(&b), forms[i][1]);
	}
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	IN_WORLD(test_attack_35__words_of_sh),
	IN_WORLD(test_attack_35__values_of_rc_conf),
	IN_WORLD(test_attack_35__fields_of_fstab),
	IN_WORLD(test_quote_fstab__round),
	cmocka_unit_test(test_unquote_fstab__old_forms))
