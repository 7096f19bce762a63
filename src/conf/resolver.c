/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/resolver.h"

#include <sys/socket.h>

#include <arpa/inet.h>

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "safe/name.h"

#define	LINES_MAX	32
#define	WORDS_MAX	32
#define	TEXT_MAX	8192

typedef int word_fn(const char *word, struct ioc_error *err);

/* IPv4, IPv6, and IPv6 with the interface that a link-local one needs. */
static int
check_address(const char *word, struct ioc_error *err)
{
	const char *scope = strchr(word, '%');
	unsigned char bytes[16];
	char copy[64];
	size_t len = scope != NULL ? (size_t)(scope - word) : strlen(word);

	if (len < sizeof(copy)) {
		memcpy(copy, word, len);
		copy[len] = '\0';
		if (scope == NULL && inet_pton(AF_INET, copy, bytes) == 1)
			return (0);
		if (inet_pton(AF_INET6, copy, bytes) == 1)
			return (scope == NULL ? 0 :
			    ioc_name_check(IOC_NAME_INTERFACE, scope + 1,
			    err));
	}
	return (ioc_fail(err, IOC_INVALID, "\"%s\" is not an address",
	    IOC_SHOW(word)));
}

static int
check_domain(const char *word, struct ioc_error *err)
{
	char copy[256];
	size_t len = strlen(word);

	/* The root of all domains, and a dot at the end. */
	if (strcmp(word, ".") == 0)
		return (0);
	if (len > 1 && len < sizeof(copy) && word[len - 1] == '.') {
		memcpy(copy, word, len);
		copy[len - 1] = '\0';
		word = copy;
	}
	return (ioc_name_check(IOC_NAME_HOSTNAME, word, err));
}

/* "ndots:2", "edns0" */
static int
check_option(const char *word, struct ioc_error *err)
{
	for (const char *p = word; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(":-_", *p) == NULL)
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" is not an option of resolv.conf",
			    IOC_SHOW(word)));
	return (0);
}

static const struct {
	const char	*name;
	size_t		 most;		/* words behind it */
	word_fn		*check;
} keywords[] = {
	{ "nameserver", 1, check_address },
	{ "domain", 1, check_domain },
	{ "search", WORDS_MAX, check_domain },
	{ "options", WORDS_MAX, check_option },
};

static const char blanks[] = " \t";

/* The next word of a line, NUL-terminated in place; NULL at its end. */
static char *
next_word(char **line)
{
	char *word = *line + strspn(*line, blanks);

	if (*word == '\0')
		return (NULL);
	*line = word + strcspn(word, blanks);
	if (**line != '\0')
		*(*line)++ = '\0';
	return (word);
}

static int
add_line(char *line, struct ioc_buf *text, struct ioc_error *err)
{
	const char *first = next_word(&line), *word;
	word_fn *check = NULL;
	size_t n = 0, most = 0;
	int r = 0;

	if (first == NULL)
		return (0);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(keywords[i].name, first) == 0) {
			check = keywords[i].check;
			most = keywords[i].most;
		}
	(void)ioc_buf_addf(text, "%s%s", check == NULL ? "nameserver " : "",
	    first);
	if (check == NULL)
		r = check_address(first, err);
	while (r == 0 && (word = next_word(&line)) != NULL) {
		r = ++n > most ? ioc_fail(err, IOC_INVALID, "\"%s\" is one "
		    "word too many", IOC_SHOW(word)) : check(word, err);
		(void)ioc_buf_addf(text, " %s", word);
	}
	(void)ioc_buf_addc(text, '\n');
	if (r == 0 && check != NULL && n == 0)
		r = ioc_fail(err, IOC_INVALID, "nothing behind \"%s\"", first);
	return (r);
}

static int
check_path(const char *value, struct ioc_error *err)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return (ioc_fail(err, IOC_INVALID, "\"%s\" has a "
			    "control character", IOC_SHOW(value)));
	return (0);
}

int
ioc_resolver_text(const char *value, struct ioc_buf *text, const char **path,
    struct ioc_error *err)
{
	auto_free char *copy = NULL;
	char *rest, *line;
	size_t n = 0;
	int r = 0;

	*path = NULL;
	if (ioc_str_is_none(value) || strcmp(value, "/dev/null") == 0)
		return (0);
	if (value[0] == '/') {
		*path = value;
		return (check_path(value, err));
	}
	rest = copy = strdup(value);
	if (copy == NULL)
		return (ioc_fail_nomem(err));
	while (r == 0 && (line = strsep(&rest, ";,")) != NULL) {
		if (++n > LINES_MAX)
			r = ioc_fail(err, IOC_INVALID, "more than %d lines",
			    LINES_MAX);
		else
			r = add_line(line, text, err);
	}
	return (r == 0 ? ioc_buf_check(text, err) : r);
}

int
ioc_resolver_check(const char *value, struct ioc_error *err)
{
	auto_buf struct ioc_buf text = IOC_BUF(TEXT_MAX);
	const char *path;
	int r = ioc_resolver_text(value, &text, &path, err);

	if (r == 0 && path == NULL && text.len == 0 &&
	    !ioc_str_is_none(value) && value[0] != '/')
		r = ioc_fail(err, IOC_INVALID, "\"%s\" has no line",
		    IOC_SHOW(value));
	return (r == IOC_LIMIT ? ioc_fail(err, IOC_INVALID,
	    "it is longer than %d bytes", TEXT_MAX) : r);
}
