/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

typedef int judge_fn(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err);

static const char *const limit_actions[] = {
	"deny", "log", "devctl", "throttle",
	"sighup", "sigint", "sigquit", "sigill", "sigtrap", "sigabrt", "sigemt",
	"sigfpe", "sigkill", "sigbus", "sigsegv", "sigsys", "sigpipe",
	"sigalrm", "sigterm", "sigurg", "sigstop", "sigtstp", "sigcont",
	"sigchld", "sigttin", "sigttou", "sigio", "sigxcpu", "sigxfsz",
	"sigvtalrm", "sigprof", "sigwinch", "siginfo", "sigusr1", "sigusr2",
	NULL
};

static const char *const limit_subjects[] = { "jail", "process", "user", NULL };

/* rctl(8): resources that are used up, not allocated, cannot be denied ... */
static const char *const not_deniable[] = { "cputime", "readbps", "readiops",
	"wallclock", "writebps", "writeiops", NULL };
/* ... and only a rate can be throttled. */
static const char *const throttled[] = { "readbps", "readiops", "writebps",
	"writeiops", NULL };

static bool
is_among(const char *const *words, const char *s)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, s) == 0)
			return (true);
	return (false);
}

static int
give(char **ret, const char *text, struct ioc_error *err)
{
	*ret = strdup(text);
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

static int
give_buf(char **ret, struct ioc_buf *b, struct ioc_error *err)
{
	int r = ioc_buf_check(b, err);

	if (r != 0)
		return (r);
	*ret = ioc_buf_take(b);
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

/* --- lists ---------------------------------------------------------------- */

/* Cuts one element off the text: unescaped, without blanks around it. */
static const char *
next_element(const char *s, struct ioc_buf *out)
{
	size_t keep = 0;

	ioc_buf_clear(out);
	while (*s == ' ' || *s == '\t')
		s++;
	for (; *s != '\0' && *s != ','; s++) {
		bool escaped = s[0] == '\\' && (s[1] == ',' || s[1] == '\\');

		if (escaped)
			s++;
		(void)ioc_buf_addc(out, *s);
		if (escaped || (*s != ' ' && *s != '\t'))
			keep = out->len;
	}
	if (out->failed == 0 && out->data != NULL) {
		out->len = keep;
		out->data[keep] = '\0';
	}
	return (s);
}

int
ioc_value_list(const char *value, struct ioc_strv *ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(strlen(value));

	if (strcmp(value, "-") == 0)
		return (0);
	for (const char *s = value;; s++) {
		s = next_element(s, &b);
		if (b.failed != 0)
			return (ioc_buf_check(&b, err));
		if (b.len > 0)
			(void)ioc_strv_add(ret, b.data);
		if (*s == '\0')
			return (ioc_strv_check(ret, err));
	}
}

void
ioc_value_list_add(struct ioc_buf *list, const char *element)
{
	if (list->len > 0)
		(void)ioc_buf_addc(list, ',');
	for (; *element != '\0'; element++) {
		if (*element == ',' || *element == '\\')
			(void)ioc_buf_addc(list, '\\');
		(void)ioc_buf_addc(list, *element);
	}
}

/* Every element judged; repeated ones dropped, the order kept. */
static int
judge_list(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf one = IOC_BUF(IOC_VALUE_MAX);
	auto_buf struct ioc_buf all = IOC_BUF(IOC_VALUE_MAX);
	auto_strv struct ioc_strv seen = IOC_STRV;
	int r;

	for (const char *s = value;; s++) {
		s = next_element(s, &one);
		if (one.failed != 0)
			return (ioc_buf_check(&one, err));
		if (one.len == 0)
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" has an empty element", IOC_SHOW(value)));
		if (p->check != NULL && (r = p->check(one.data, err)) != 0)
			return (r);
		if (!ioc_strv_has(&seen, one.data)) {
			if (seen.n >= IOC_VALUE_ITEMS)
				return (ioc_fail(err, IOC_INVALID,
				    "more than %d elements", IOC_VALUE_ITEMS));
			(void)ioc_strv_add(&seen, one.data);
			ioc_value_list_add(&all, one.data);
		}
		if (*s == '\0')
			break;
	}
	if ((r = ioc_strv_check(&seen, err)) != 0)
		return (r);
	/* Escaping makes it longer, and it must pass a second time. */
	if (all.failed == IOC_LIMIT)
		return (ioc_fail(err, IOC_INVALID, "value longer than %d bytes",
		    IOC_VALUE_MAX));
	/* " none": a word for no value that blanks have hidden. */
	if (ioc_str_is_none(ioc_buf_str(&all)))
		return (give(ret, "-", err));
	return (give_buf(ret, &all, err));
}

/* --- limits --------------------------------------------------------------- */

/* Copies a word of known maximum length; one that does not fit is no word. */
static bool
copy_word(char out[16], const char *s, size_t len)
{
	if (len == 0 || len >= 16)
		return (false);
	memcpy(out, s, len);
	out[len] = '\0';
	return (true);
}

/* Takes a value apart; *amount is its text. */
static int
split_limit(const char *value, struct ioc_value_limit *l, char amount[24],
    struct ioc_error *err)
{
	const char *eq = strchr(value, '='), *colon = strchr(value, ':');
	const char *number = value, *slash;
	size_t len = strlen(value);
	bool good = true;

	(void)copy_word(l->action, "deny", 4);
	(void)copy_word(l->per, "jail", 4);
	if (eq != NULL) {
		good = copy_word(l->action, value, (size_t)(eq - value));
		number = eq + 1;
		len = strlen(number);
		slash = strchr(number, '/');
		if (slash != NULL) {
			len = (size_t)(slash - number);
			good = good && copy_word(l->per, slash + 1,
			    strlen(slash + 1)) &&
			    is_among(limit_subjects, l->per);
		}
	} else if (colon != NULL) {
		len = (size_t)(colon - value);
		good = copy_word(l->action, colon + 1, strlen(colon + 1));
	}
	if (!good || !is_among(limit_actions, l->action) || len == 0 ||
	    len >= 24)
		return (ioc_fail(err, IOC_INVALID,
		    "\"%s\" is neither AMOUNT nor ACTION=AMOUNT[/PER]",
		    IOC_SHOW(value)));
	memcpy(amount, number, len);
	amount[len] = '\0';
	return (ioc_str_to_size(amount, &l->amount, err));
}

int
ioc_value_limit(const char *value, struct ioc_value_limit *ret,
    struct ioc_error *err)
{
	struct ioc_value_limit l;
	char amount[24];
	int r = split_limit(value, &l, amount, err);

	if (r == 0)
		*ret = l;
	return (r);
}

/* The suffix stays as it was typed, so that 1024 processes are not "1K". */
static void
add_amount(struct ioc_buf *b, const char *amount)
{
	while (amount[0] == '0' && isdigit((unsigned char)amount[1]))
		amount++;
	for (; *amount != '\0'; amount++)
		(void)ioc_buf_addc(b, (char)toupper((unsigned char)*amount));
}

static int
judge_limit(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(80);
	struct ioc_value_limit l;
	char amount[24];
	bool jail, deny;
	int r = split_limit(value, &l, amount, err);

	if (r != 0)
		return (r);
	jail = strcmp(l.per, "jail") == 0;
	deny = strcmp(l.action, "deny") == 0;
	if (deny && is_among(not_deniable, p->name))
		return (ioc_fail(err, IOC_INVALID, "\"%s\" cannot be denied, "
		    "only acted upon: %s=%s", IOC_SHOW(value),
		    is_among(throttled, p->name) ? "throttle" : "sigterm",
		    amount));
	if (strcmp(l.action, "throttle") == 0 && !is_among(throttled, p->name))
		return (ioc_fail(err, IOC_INVALID, "throttle is for readbps, "
		    "writebps, readiops and writeiops"));
	if (!deny || !jail)
		(void)ioc_buf_addf(&b, "%s=", l.action);
	add_amount(&b, amount);
	if (!jail)
		(void)ioc_buf_addf(&b, "/%s", l.per);
	return (give_buf(ret, &b, err));
}

/* --- scalars -------------------------------------------------------------- */

static int
judge_string(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	int r = p->check != NULL ? p->check(value, err) : 0;

	return (r != 0 ? r : give(ret, value, err));
}

static int
judge_bool(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	bool yes;
	int r = ioc_str_to_bool(value, &yes, err);

	return (r != 0 ? r : give(ret, yes ? "yes" : "no", err));
}

static int
judge_int(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(32);
	int64_t v;
	int r = ioc_str_to_i64(value, p->min, p->max, &v, err);

	if (r != 0 || (p->check != NULL && (r = p->check(value, err)) != 0))
		return (r);
	(void)ioc_buf_addf(&b, "%" PRId64, v);
	return (give_buf(ret, &b, err));
}

static int
judge_size(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(32);
	uint64_t v;
	int r = ioc_str_to_size(value, &v, err);

	if (r != 0)
		return (r);
	if (v > INT64_MAX || (int64_t)v < p->min || (int64_t)v > p->max)
		return (ioc_fail(err, IOC_INVALID, "%s is not between %" PRId64
		    " and %" PRId64 " bytes", IOC_SHOW(value), p->min, p->max));
	if (p->check != NULL && (r = p->check(value, err)) != 0)
		return (r);
	add_amount(&b, value);
	return (give_buf(ret, &b, err));
}

static int
judge_choice(const struct ioc_prop *p, const char *value, char **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(512);

	for (const char *const *c = p->choices; *c != NULL; c++) {
		if (strcasecmp(*c, value) == 0)
			return (give(ret, *c, err));
		(void)ioc_buf_addf(&b, "%s%s", b.len > 0 ? ", " : "", *c);
	}
	return (ioc_fail(err, IOC_INVALID, "\"%s\" is none of %s",
	    IOC_SHOW(value), ioc_buf_str(&b)));
}

static judge_fn *const judges[] = {
	[IOC_PROP_STRING] = judge_string,
	[IOC_PROP_BOOL] = judge_bool,
	[IOC_PROP_INT] = judge_int,
	[IOC_PROP_SIZE] = judge_size,
	[IOC_PROP_LIST] = judge_list,
	[IOC_PROP_LIMIT] = judge_limit,
	[IOC_PROP_CHOICE] = judge_choice,
};

/* True when the value says "none" and the row can be without one. */
static bool
says_none(const struct ioc_prop *p, const char *value)
{
	if (strcmp(p->name, "user.*") == 0)
		return (false);
	if (p->type == IOC_PROP_LIMIT && strcasecmp(value, "off") == 0)
		return (true);
	return (ioc_str_is_none(value) && (strcmp(p->fallback, "-") == 0 ||
	    p->type == IOC_PROP_STRING || p->type == IOC_PROP_LIST));
}

int
ioc_value_normal(const struct ioc_prop *p, const char *name, const char *value,
    char **ret, struct ioc_error *err)
{
	int r;

	if (strnlen(value, IOC_VALUE_MAX + 1) > IOC_VALUE_MAX)
		r = ioc_fail(err, IOC_INVALID, "value longer than %d bytes",
		    IOC_VALUE_MAX);
	else if (!ioc_str_is_utf8(value))
		r = ioc_fail(err, IOC_INVALID, "\"%s\" is not UTF-8",
		    IOC_SHOW(value));
	else if (says_none(p, value))
		r = give(ret, "-", err);
	else
		r = judges[p->type](p, value, ret, err);
	return (ioc_wrap(err, r, "%s", IOC_SHOW(name)));
}
