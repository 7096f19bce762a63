/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include "base/str.h"

/* Nesting of brackets outside strings, so that no deep text reaches a parser. */
static int
depth_of(const char *text, size_t len)
{
	int depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				quoted = false;
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > deepest)
				deepest = depth;
		} else if (text[i] == '}' || text[i] == ']')
			depth--;
	}
	return (deepest);
}

int
ioc_json_parse(const char *text, size_t len, json_t **ret,
    struct ioc_error *err)
{
	json_error_t je;
	json_t *j;

	if (len > IOC_JSON_MAX)
		return (ioc_fail(err, IOC_LIMIT,
		    "JSON longer than %d bytes", IOC_JSON_MAX));
	if (depth_of(text, len) > IOC_JSON_DEPTH)
		return (ioc_fail(err, IOC_LIMIT,
		    "JSON nested deeper than %d levels", IOC_JSON_DEPTH));
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	/* Jansson may call memory that runs out in a string a bad token. */
	if (j == NULL)
		j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (j == NULL && (je.text[0] == '\0' ||
	    json_error_code(&je) == json_error_out_of_memory))
		return (ioc_fail_nomem(err));
	if (j == NULL)
		return (ioc_fail(err, IOC_FORMAT,
		    "not valid JSON: line %d, column %d: %s", je.line,
		    je.column, IOC_SHOW(je.text)));
	*ret = j;
	return (0);
}

static int
append(const char *data, size_t len, void *arg)
{
	return (ioc_buf_add(arg, data, len) == 0 ? 0 : -1);
}

int
ioc_json_print(const json_t *j, struct ioc_buf *out, struct ioc_error *err)
{
	if (json_dump_callback(j, append, out,
	    JSON_INDENT(4) | JSON_SORT_KEYS) != 0 && out->failed == 0)
		out->failed = IOC_NOMEM;
	(void)ioc_buf_addc(out, '\n');
	return (ioc_buf_check(out, err));
}
