/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioc-mdoc: manual pages out of the tables.  "commands" is the section of
 * ioc(8), "properties" all of ioc-properties(7).  Part of the build only.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "props.h"

static bool
opt_ends(const struct opt *o)
{
	return (o == NULL || (o->letter == 0 && o->name == NULL));
}

/* A word of running text, at the beginning of a line or not. */
static size_t
put_word(const char *s, size_t len, bool begin)
{
	size_t n = len;

	if (begin && (*s == '.' || *s == '\''))
		n += (size_t)printf("\\&");
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' || s[i] == '-')
			n++;
		if (s[i] == '\\')
			(void)fputs("\\e", stdout);
		else if (s[i] == '-')
			(void)fputs("\\-", stdout);
		else
			(void)putchar(s[i]);
	}
	return (n);
}

/*
 * Running text: folded, every sentence on a line of its own, nothing that
 * would be taken for a request, a paragraph at an empty line.
 */
static void
put_text(const char *s)
{
	size_t col = 0;

	while (*s != '\0') {
		size_t len = strcspn(s, " \n");
		bool sentence = len > 0 && s[len - 1] == '.' && s[len] == ' ' &&
		    isupper((unsigned char)s[len + 1]);

		if (col > 0 && col + 1 + len > 74) {
			(void)putchar('\n');
			col = 0;
		} else if (col > 0)
			col += (size_t)printf(" ");
		col += put_word(s, len, col == 0);
		s += len;
		if (s[0] == '\n' && s[1] == '\n') {
			(void)fputs("\n.Pp", stdout);
			s++;
			sentence = true;
		}
		if (sentence) {
			(void)putchar('\n');
			col = 0;
		}
		if (*s != '\0')
			s++;
	}
	(void)putchar('\n');
}

/* A line of help as a sentence. */
static void
put_sentence(const char *s)
{
	char text[512];
	size_t n;

	(void)snprintf(text, sizeof(text), "%s", s);
	n = strlen(text);
	if (strncmp(text, "ioc", 3) != 0)
		text[0] = (char)toupper((unsigned char)text[0]);
	if (n > 0 && n + 1 < sizeof(text) && text[n - 1] != '.') {
		text[n] = '.';
		text[n + 1] = '\0';
	}
	put_text(text);
}

static void
put_opt_names(const struct opt *o)
{
	if (o->letter != 0)
		(void)printf(" Fl %c", o->letter);
	if (o->letter != 0 && o->name != NULL)
		(void)fputs(" ,", stdout);
	if (o->name != NULL)
		(void)printf(" Fl Fl %s", o->name);
	if (o->arg != NULL)
		(void)printf(" Ar %s", o->arg);
}

/* "[FILTER...]" and the like as .Op and .Ar lines. */
static void
put_operands(const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, " "), len;
		const char *word = s;
		bool optional = *word == '[';

		len = n;
		if (optional) {
			word++;
			len = strcspn(word, "]");
		}
		if (len >= 3 && strncmp(word + len - 3, "...", 3) == 0)
			(void)printf(".%sAr %.*s ...\n", optional ? "Op " : "",
			    (int)len - 3, word);
		else if (strncmp(word, "--", 2) == 0)
			(void)fputs(".Op Fl \\&-\n", stdout);
		else
			(void)printf(".%sAr %.*s%s\n", optional ? "Op " : "",
			    (int)len, word, word[len] == '.' ? " ..." : "");
		s += n + (s[n] == ' ');
	}
}

static void
put_opts(const struct opt *o)
{
	if (opt_ends(o))
		return;
	(void)fputs(".Bl -tag -width Ds\n", stdout);
	for (; !opt_ends(o); o++) {
		(void)fputs(".It", stdout);
		put_opt_names(o);
		(void)putchar('\n');
		put_sentence(o->help);
	}
	(void)fputs(".El\n", stdout);
}

static void
put_command(const struct cmd *cmd)
{
	(void)printf(".Ss ioc %s\n.Nm\n.Cm %s\n", cmd->name, cmd->name);
	for (const struct opt *o = cmd->opts; !opt_ends(o); o++) {
		if (o->letter != 0)
			(void)printf(".Op Fl %c", o->letter);
		else
			(void)printf(".Op Fl Fl %s", o->name);
		if (o->arg != NULL)
			(void)printf(" Ar %s", o->arg);
		(void)putchar('\n');
	}
	put_operands(cmd->args);
	(void)fputs(".Pp\n", stdout);
	put_text(cmd->about);
	put_opts(cmd->opts);
}

static void
commands(void)
{
	(void)fputs(".Ss Options of all commands\n", stdout);
	put_text("They may stand before the command, too. Where a command has "
	    "an option of the same letter, the letter after the command is "
	    "that one's.");
	put_opts(cmd_common);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++)
		put_command(*p);
}

static const char properties_head[] =
    ".\\\" SPDX-License-Identifier: BSD-2-Clause\n"
    ".\\\" Made from the table of properties: change that.\n"
    ".Dd November 24, 2026\n"
    ".Dt IOC-PROPERTIES 7\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm ioc-properties\n"
    ".Nd properties of jails\n"
    ".Sh DESCRIPTION\n"
    "Properties are read with\n"
    ".Nm ioc Cm get\n"
    "and changed with\n"
    ".Nm ioc Cm set ;\n"
    "see\n"
    ".Xr ioc 8 .\n"
    "A value is that of the jail, of the defaults of its source, of its\n"
    "distribution, or the built\\-in one, in this order.\n"
    ".Pp\n"
    "The scope says who may set a property.\n"
    "What is open to a\n"
    ".Em tenant\n"
    "can neither run code on the host nor widen the jail;\n"
    ".Em admin\n"
    "is for the administrator of the host;\n"
    ".Em fixed\n"
    "is set at creation and read\\-only afterwards.\n"
    ".Pp\n"
    "The types are\n"
    ".Em string ;\n"
    ".Em bool :\n"
    "yes or no, also written on, true, 1, off, false, 0;\n"
    ".Em int ;\n"
    ".Em size :\n"
    "bytes, with a suffix K, M, G, T or P;\n"
    ".Em list :\n"
    "separated by commas,\n"
    ".Sq \\e,\n"
    "is a comma;\n"
    ".Em choice :\n"
    "one of some words;\n"
    ".Em limit :\n"
    ".Ar amount ,\n"
    "or\n"
    ".Ar action Ns = Ns Ar amount Ns Op / Ns Ar per .\n"
    ".Sh PROPERTIES\n"
    ".Bl -tag -width Ds\n";

static void
put_property(const struct ioc_prop *p)
{
	(void)printf(".It Va %s\n", p->name);
	put_sentence(p->help);
	(void)printf("Type %s", prop_type_name(p->type));
	for (size_t i = 0; p->choices != NULL && p->choices[i] != NULL; i++)
		(void)printf("%s%s", i == 0 ? ": " : ", ", p->choices[i]);
	if (prop_has_range(p))
		(void)printf(" from %" PRId64 " to %" PRId64, p->min, p->max);
	(void)printf("; default\n.Dq %s ;\nscope %s", strcmp(p->fallback, "-") ==
	    0 ? "\\-" : p->fallback, prop_scope_name(p->scope));
	if (p->systems != IOC_ON_ALL)
		(void)printf("; on\n%s\nonly",
		    p->systems == IOC_ON_LINUX ? "Linux" : ".Fx");
	if (p->param != NULL)
		(void)printf(".\nSets the parameter\n.Va %s\nof\n.Xr jail 8",
		    p->param);
	(void)fputs(p->param != NULL ? " .\n" : ".\n", stdout);
}

static void
properties(void)
{
	const struct ioc_prop *props;
	size_t n;

	props = ioc_prop_table(&n);
	(void)fputs(properties_head, stdout);
	for (size_t i = 0; i < n; i++)
		put_property(&props[i]);
	(void)fputs(".El\n.Sh SEE ALSO\n.Xr ioc.conf 5 ,\n.Xr ioc-filter 7 ,\n"
	    ".Xr ioc 8\n", stdout);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "commands") == 0)
		commands();
	else if (argc == 2 && strcmp(argv[1], "properties") == 0)
		properties();
	else
		return (EXIT_USAGE);
	return (fflush(stdout) == 0 ? 0 : EXIT_FAILED);
}
