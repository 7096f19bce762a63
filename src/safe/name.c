/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/name.h"

#include <string.h>

#include "base/str.h"

enum {
	UPPER = 1 << 0,
	LOWER = 1 << 1,
	DIGIT = 1 << 2,
	ANY = 1 << 3,	/* every byte */
	LETTER = UPPER | LOWER,
	ALNUM = LETTER | DIGIT,
};

/* Characters: the classes, and those of a string. */
struct set {
	int		 classes;
	const char	*more;
};

typedef const char *judge_fn(const char *name);

struct kind {
	const char	*noun;
	struct set	 first;
	struct set	 all;
	const char	*begins;	/* what `first` is, in words */
	size_t		 max;
	judge_fn	*judge;		/* NULL, or the rest of the rules */
};

static bool
in_set(const struct set *s, char c)
{
	int class = c >= 'A' && c <= 'Z' ? UPPER :
	    c >= 'a' && c <= 'z' ? LOWER : c >= '0' && c <= '9' ? DIGIT : 0;

	return ((s->classes & (class | ANY)) != 0 ||
	    (s->more != NULL && strchr(s->more, c) != NULL));
}

static bool
is_alnum(char c)
{
	static const struct set alnum = { ALNUM, NULL };

	return (in_set(&alnum, c));
}

static bool
is_number(const char *name)
{
	return (name[strspn(name, "0123456789")] == '\0');
}

static bool
is_dots(const char *name, size_t len)
{
	return ((len == 1 && name[0] == '.') ||
	    (len == 2 && name[0] == '.' && name[1] == '.'));
}

static const char *
judge_dots(const char *name)
{
	return (strstr(name, "..") != NULL ? "may not contain \"..\"" : NULL);
}

static const char *
judge_jail(const char *name)
{
	if (is_number(name))
		return ("may not be a number");
	if (strcmp(name, "defaults") == 0)
		return ("is reserved");
	return (judge_dots(name));
}

static const char *
judge_component(const char *name)
{
	return (is_dots(name, strlen(name)) ? "is not a name" : NULL);
}

static const char *
judge_source(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!is_alnum(*p) && !is_alnum(p[1]))
			return (p[1] == '\0' ?
			    "must end with a letter or digit" :
			    "may not contain two separators in a row");
	return (NULL);
}

static const char *
judge_user(const char *name)
{
	const char *dollar = strchr(name, '$');
	uint64_t id;

	if (dollar != NULL && dollar[1] != '\0')
		return ("may contain \"$\" only at its end");
	if (name[0] < '0' || name[0] > '9')
		return (NULL);
	if (!is_number(name))
		return ("must begin with a lower-case letter or \"_\", "
		    "or be a number");
	/* The last number stands for "no user" in the kernel. */
	if (ioc_str_to_u64(name, 0, UINT32_MAX - 1, &id, NULL) != 0)
		return ("is not a number that a user can have");
	return (NULL);
}

static const char *
judge_hostname(const char *name)
{
	for (const char *label = name;; label++) {
		size_t len = strcspn(label, ".");

		if (len == 0)
			return ("has an empty label");
		if (len > 63)
			return ("has a label longer than 63 bytes");
		if (label[0] == '-' || label[len - 1] == '-')
			return ("has a label that begins or ends with \"-\"");
		label += len;
		if (*label == '\0')
			return (NULL);
	}
}

static const char *
judge_dataset(const char *name)
{
	for (const char *part = name;; part++) {
		size_t len = strcspn(part, "/");

		if (len == 0)
			return ("has an empty component");
		if (is_dots(part, len))
			return ("has a component that is not a name");
		part += len;
		if (*part == '\0')
			return (NULL);
	}
}

static const char letter_or_digit[] = "a letter or digit";

static const struct kind kinds[] = {
	[IOC_NAME_JAIL] = { "jail name", { ALNUM, NULL }, { ALNUM, "_.-" },
	    letter_or_digit, 63, judge_jail },
	[IOC_NAME_RELEASE] = { "release name", { ALNUM, NULL },
	    { ALNUM, "_.-" }, letter_or_digit, 63, judge_dots },
	[IOC_NAME_SOURCE] = { "source name", { ALNUM, NULL }, { ALNUM, "-_" },
	    letter_or_digit, 31, judge_source },
	[IOC_NAME_SNAPSHOT] = { "snapshot name", { ALNUM, "_.:" },
	    { ALNUM, "_.:-" }, "anything but \"-\"", 63, judge_component },
	[IOC_NAME_PROPERTY] = { "property name", { LOWER, NULL },
	    { LOWER | DIGIT, "_." }, "a lower-case letter", 63, NULL },
	[IOC_NAME_USER] = { "user name", { LOWER | DIGIT, "_" },
	    { LOWER | DIGIT, "_-$" }, "a lower-case letter or \"_\"", 32,
	    judge_user },
	[IOC_NAME_HOSTNAME] = { "host name", { ALNUM, ".-" },
	    { ALNUM, "-." }, letter_or_digit, 253, judge_hostname },
	[IOC_NAME_INTERFACE] = { "interface name", { LETTER, NULL },
	    { ALNUM, "_." }, "a letter", 15, NULL },
	[IOC_NAME_DATASET] = { "dataset name", { ALNUM, "/" },
	    { ALNUM, "_.:-/" }, letter_or_digit, 200, judge_dataset },
	[IOC_NAME_ENV] = { "environment variable name", { LETTER, "_" },
	    { ALNUM, "_" }, "a letter or \"_\"", 127, NULL },
	[IOC_NAME_SET] = { "set name", { ALNUM, NULL }, { ALNUM, "_.+-" },
	    letter_or_digit, 63, NULL },
	[IOC_NAME_COMPONENT] = { "file name", { ANY, NULL }, { ANY, NULL },
	    "anything", 255, judge_component },
};

/* The whole character at p, as far as it is one, shown harmlessly. */
static int
fail_char(struct ioc_error *err, const char *noun, const char *name,
    const char *p)
{
	char c[5] = { p[0] };

	for (size_t i = 1; i < 4 && (p[0] & 0xc0) == 0xc0 &&
	    (p[i] & 0xc0) == 0x80; i++)
		c[i] = p[i];
	return (ioc_fail(err, IOC_INVALID, "%s \"%s\": may not contain %s%s%s",
	    noun, IOC_SHOW(name), c[0] == ' ' ? "a space" : "\"",
	    c[0] == ' ' ? "" : IOC_SHOW(c), c[0] == ' ' ? "" : "\""));
}

int
ioc_name_check(enum ioc_name kind, const char *name, struct ioc_error *err)
{
	const struct kind *k = &kinds[kind];
	size_t len = strnlen(name, k->max + 1);
	const char *why;

	if (len == 0)
		return (ioc_fail(err, IOC_INVALID, "%s is empty", k->noun));
	if (len > k->max)
		return (ioc_fail(err, IOC_INVALID,
		    "%s is longer than %zu bytes", k->noun, k->max));
	for (const char *p = name; *p != '\0'; p++)
		if (!in_set(&k->all, *p) ||
		    (kind == IOC_NAME_COMPONENT && *p == '/'))
			return (fail_char(err, k->noun, name, p));
	if (!in_set(&k->first, name[0]))
		return (ioc_fail(err, IOC_INVALID,
		    "%s \"%s\": must begin with %s", k->noun, IOC_SHOW(name),
		    k->begins));
	why = k->judge != NULL ? k->judge(name) : NULL;
	if (why != NULL)
		return (ioc_fail(err, IOC_INVALID, "%s \"%s\": %s", k->noun,
		    IOC_SHOW(name), why));
	return (0);
}
