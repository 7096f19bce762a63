/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for other programs, read back by these programs: sh, what reads
 * rc.conf, what reads an fstab, what reads JSON, rctl(8).
 */
#include "tests/attack/attack.h"

#if __has_include(<mntent.h>)
#include <mntent.h>
#else
#include <fstab.h>
#endif

#include "base/buf.h"
#include "base/json.h"
#include "base/quote.h"
#include "base/str.h"

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

/* --- JSON, terminals ---------------------------------------------------------- */

/* Code points of every plane, of which JSON is made. */
static void
fill_utf8(struct world *w)
{
	static const unsigned most[] = { 0x7f, 0x7ff, 0xffff, 0x10ffff };

	fill(w);
	for (size_t i = N_HOSTILE; i < w->n; i++) {
		char *p = w->words[i];

		for (size_t k = 0; k < 40; k++) {
			unsigned cp = (unsigned)rand_r(&w->seed) %
			    most[(unsigned)rand_r(&w->seed) % 4] + 1;

			if (cp >= 0xd800 && cp <= 0xdfff)
				cp -= 0x800;
			if (cp < 0x80)
				*p++ = (char)cp;
			else if (cp < 0x800)
				*p++ = (char)(0xc0 | cp >> 6);
			else if (cp < 0x10000)
				*p++ = (char)(0xe0 | cp >> 12);
			else {
				*p++ = (char)(0xf0 | cp >> 18);
				*p++ = (char)(0x80 | (cp >> 12 & 0x3f));
			}
			if (cp >= 0x800)
				*p++ = (char)(0x80 | (cp >> 6 & 0x3f));
			if (cp >= 0x80)
				*p++ = (char)(0x80 | (cp & 0x3f));
		}
		*p = '\0';
	}
}

static const struct {
	const char	*shell, *script;
} json_readers[] = {
	{ "python3", "import json, sys\nfor w in json.load(open('json', "
	    "encoding='utf-8')):\n sys.stdout.buffer.write(w.encode() + b'\\0')\n" },
	{ "/bin/sh", "jq -j '.[] + \"\\u0000\"' json || exit 98\n" },
};

static void
test_attack_35__strings_of_json(void **state)
{
	struct world *w = *state;

	unsigned read = 0;

	for (int round = 0; round < ROUNDS; round++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		auto_json json_t *all = json_array();
		size_t n = 0;

		fill_utf8(w);
		for (size_t i = 0; i < w->n; i++) {
			json_t *one = json_string(w->words[i]);

			/* What is no UTF-8 is no string of JSON. */
			assert_true((one != NULL) ==
			    ioc_str_is_utf8(w->words[i]));
			if (one == NULL)
				continue;
			assert_int_equal(json_array_append_new(all, one), 0);
			memmove(w->words[n++], w->words[i],
			    sizeof(w->words[i]));
		}
		w->n = n;
		assert_true(n > WORDS / 2);
		assert_int_equal(ioc_json_print(all, &b, NULL), 0);
		tmp_write(w->t.fd, "json", b.data);
		for (size_t i = 0; i < 2; i++) {
			char *out = run_script(w, json_readers[i].shell,
			    json_readers[i].script,
			    strlen(json_readers[i].script));

			read += out != NULL;
			if (out != NULL)
				compare(w, json_readers[i].shell, out);
			free(out);
		}
	}
	if (read == 0)
		print_message("neither python3 nor jq: not read back\n");
}

/* 61: what is shown has no byte that a terminal obeys, and bash reads it back. */
static void
test_attack_61__text_for_terminals(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS; round++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		char *out;

		fill(w);
		(void)ioc_buf_adds(&b, "printf '%b\\0'");
		for (size_t i = 0; i < w->n; i++) {
			auto_buf struct ioc_buf shown = IOC_BUF(4096);

			(void)ioc_str_escape(&shown, w->words[i],
			    strlen(w->words[i]));
			for (size_t k = 0; k < shown.len; k++)
				assert_true((unsigned char)shown.data[k] >=
				    0x20 && shown.data[k] != 0x7f);
			assert_true(ioc_str_is_utf8(shown.data));
			(void)ioc_buf_addc(&b, ' ');
			ioc_quote_sh(&b, shown.data);
		}
		(void)ioc_buf_addc(&b, '\n');
		assert_int_equal(ioc_buf_check(&b, NULL), 0);
		out = run_script(w, "bash", b.data, b.len);
		if (out != NULL)
			compare(w, "bash", out);
		free(out);
	}
}

/* --- rctl ------------------------------------------------------------------- */

/* Every rule that there is, by rctl(8) itself; NULL where it cannot be run. */
static char *
all_rules(struct world *w)
{
	return (run_script(w, "/bin/sh", "rctl || exit 98\n", 17));
}

static void
script_of(struct world *w, const char *words, const char *subject)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);

	(void)ioc_buf_adds(&b, words);
	ioc_quote_sh(&b, subject);
	(void)ioc_buf_adds(&b, " 2>/dev/null\n");
	free(run_script(w, "/bin/sh", b.data, b.len));
}

/* What is accepted is one field to rctl(8), byte for byte. */
static void
read_back(struct world *w, const char *word)
{
	char rule[400], line[402];
	char *rules;

	(void)snprintf(rule, sizeof(rule), "jail:ioc-%s:maxproc:deny=4711",
	    word);
	script_of(w, "rctl -a ", rule);
	rules = all_rules(w);
	(void)snprintf(line, sizeof(line), "%s\n", rule);
	if (strstr(rules, line) == NULL)
		fail_msg("%s is not in: %s", rule, rules);
	free(rules);
	(void)snprintf(rule, sizeof(rule), "jail:ioc-%s", word);
	script_of(w, "rctl -r ", rule);
	rules = all_rules(w);
	assert_null(strstr(rules, "4711"));
	free(rules);
}

static void
test_attack_36__fields_of_rctl(void **state)
{
	struct world *w = *state;
	char *rules = all_rules(w);
	size_t good = 0;

	fill(w);
	for (size_t i = 0; i < w->n; i++) {
		auto_buf struct ioc_buf b = IOC_BUF(4096);
		const char *word = w->words[i];
		struct ioc_error err = { .msg = "" };
		int r;

		/* Half of them without what is refused at once. */
		if (i % 2 == 0)
			for (char *p = w->words[i]; *p != '\0'; p++)
				*p = (char)(0x21 + (unsigned char)*p % 0x19);
		w->words[i][40] = '\0';
		r = ioc_quote_rctl(&b, word, &err);
		if (r != 0) {
			assert_int_equal(r, IOC_INVALID);
			assert_int_equal(b.len, 0);
			for (const char *p = err.msg; *p != '\0'; p++)
				assert_true((unsigned char)*p >= 0x20 &&
				    *p != 0x7f);
			continue;
		}
		assert_string_equal(b.data, word);
		assert_null(strpbrk(word, ":=/, \t\n"));
		good++;
		if (rules != NULL && good <= 60)
			read_back(w, word);
	}
	assert_true(good > WORDS / 20);
	assert_int_equal(ioc_quote_rctl(&(struct ioc_buf)IOC_BUF(9), "", NULL),
	    IOC_INVALID);
	if (rules == NULL) {
		print_message("no rctl(8) that lists rules: not read back\n");
		return;
	}
	free(rules);
	/* The twin: the jail "a:maxproc" is stopped, and "a" loses its limit. */
	script_of(w, "rctl -a ", "jail:ioc-a:maxproc:deny=4711");
	script_of(w, "rctl -r ", "jail:ioc-a:maxproc");
	rules = all_rules(w);
	assert_null(strstr(rules, "4711"));
	free(rules);
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	IN_WORLD(test_attack_35__words_of_sh),
	IN_WORLD(test_attack_35__values_of_rc_conf),
	IN_WORLD(test_attack_35__fields_of_fstab),
	IN_WORLD(test_attack_35__strings_of_json),
	IN_WORLD(test_attack_36__fields_of_rctl),
	IN_WORLD(test_attack_61__text_for_terminals),
	IN_WORLD(test_quote_fstab__round),
	cmocka_unit_test(test_unquote_fstab__old_forms))
