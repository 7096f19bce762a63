/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssh-keygen(1) is given the signers and the signature as files of a directory
 * beneath the root that is about to be filled, and the manifest as its stdin.
 */
#include "dist/signed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"

#define	SIGNATURE_BYTES	(64 * 1024)
#define	SIGNERS_BYTES	(256 * 1024)
#define	OUTPUT_BYTES	(16 * 1024)
#define	TIMEOUT_MS	(30 * 1000)
#define	DIR		".ioc-signature"

/* What ssh-keygen is to read there. */
static const char *const files[] = { "signers", "signature", "passwd" };

struct check {
	const struct ioc_setsjob *w;
	const char	*tool;
	char		*dir;		/* path of DIR */
	int		 dir_fd;
	struct ioc_buf	 signers;
	struct ioc_buf	 signature;
	struct ioc_buf	 out;
	struct ioc_buf	 err;
	char		 principal[1024];
};

static void
check_fini(struct check *c)
{
	for (size_t i = 0; c->dir_fd >= 0 &&
	    i < sizeof(files) / sizeof(*files); i++)
		(void)ioc_path_unlink(c->dir_fd, files[i], IOC_PATH_NOLINKS,
		    NULL);
	if (c->dir_fd >= 0)
		(void)ioc_path_rmdir(c->w->job->root_fd, DIR, IOC_PATH_NOLINKS,
		    NULL);
	ioc_fd_close(&c->dir_fd);
	free(c->dir);
	ioc_buf_fini(&c->signers);
	ioc_buf_fini(&c->signature);
	ioc_buf_fini(&c->out);
	ioc_buf_fini(&c->err);
}

/* --- what it says ------------------------------------------------------------- */

bool
ioc_signed_principal(const char *text, char *out, size_t outlen)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		/* A pattern of those who are not meant. */
		if (n > 0 && n < outlen && text[0] != '!') {
			memcpy(out, text, n);
			out[n] = '\0';
			return (true);
		}
		text += n + (text[n] == '\n');
	}
	return (false);
}

/* Good "file" signature for NAME with ED25519 key SHA256:...; a NAME may lie. */
bool
ioc_signed_key(const char *text, char *out, size_t outlen)
{
	static const char with[] = " with ", key[] = " key SHA256:";
	const char *at = NULL, *hash;
	size_t type, n;

	if (!ioc_str_starts(text, "Good \""))
		return (false);
	for (const char *p = text; (p = strstr(p, with)) != NULL; p++)
		at = p + sizeof(with) - 1;
	if (at == NULL)
		return (false);
	type = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
	if (type == 0 || !ioc_str_starts(at + type, key))
		return (false);
	hash = at + type + sizeof(key) - 1;
	n = strspn(hash, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789+/");
	if (n != 43 || (hash[n] != '\n' && hash[n] != '\0') ||
	    type + n + sizeof(" SHA256:") > outlen)
		return (false);
	(void)snprintf(out, outlen, "%.*s SHA256:%.*s", (int)type, at, (int)n,
	    hash);
	return (true);
}

/* The last line that has something in it. */
static const char *
last_line(struct ioc_buf *b)
{
	char *s = b->data;
	size_t n = b->len;

	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		s[--n] = '\0';
	while (n > 0 && s[n - 1] != '\n')
		n--;
	return (s != NULL ? s + n : "");
}

/* --- running it --------------------------------------------------------------- */

/* 0 and its stdout, or VERIFY with the sentence that it gave. */
static int
run(struct check *c, const char *what, const char *const *argv, int in,
    struct ioc_error *err)
{
	struct ioc_proc p = IOC_PROC;
	int status = 0, r;

	ioc_buf_clear(&c->out);
	ioc_buf_clear(&c->err);
	p.path = c->tool;
	p.argv = argv;
	p.stdin_fd = in;
	p.timeout_ms = TIMEOUT_MS;
	p.read_path = geteuid() == 0 ? c->dir : NULL;
	p.out = &c->out;
	p.err = &c->err;
	r = ioc_proc_run(&p, &status, err);
	if (r != 0 || status == 0)
		return (r);
	if (c->err.len == 0)
		(void)ioc_buf_add(&c->err, ioc_buf_str(&c->out), c->out.len);
	return (ioc_fail(err, IOC_VERIFY, "%s: %s", what,
	    IOC_SHOW(last_line(&c->err))));
}

static int
find_principal(struct check *c, struct ioc_error *err)
{
	const char *const argv[] = { "ssh-keygen", "-Y", "find-principals",
		"-s", "signature", "-f", "signers", NULL };
	int r = run(c, "it is of no allowed signer", argv, -1, err);

	if (r != 0)
		return (r);
	return (ioc_signed_principal(ioc_buf_str(&c->out), c->principal,
	    sizeof(c->principal)) ? 0 : ioc_fail(err, IOC_VERIFY,
	    "it is of no allowed signer"));
}

static int
verify(struct check *c, struct ioc_trusted *t, struct ioc_error *err)
{
	const char *const argv[] = { "ssh-keygen", "-Y", "verify", "-f",
		"signers", "-I", c->principal, "-n", c->w->sets->sig_namespace,
		"-s", "signature", NULL };
	auto_fd int fd = ioc_cache_scratch(c->w->job, err);
	int r = fd < 0 ? fd : ioc_file_write_all(fd, ioc_buf_str(&t->text),
	    t->text.len, err);

	if (r == 0 && lseek(fd, 0, SEEK_SET) != 0)
		r = ioc_fail_errno(err, "manifest");
	if (r == 0)
		r = run(c, "it is not valid", argv, fd, err);
	if (r != 0)
		return (r);
	/* The line itself must be there, not only its exit status. */
	if (!ioc_signed_key(ioc_buf_str(&c->out), t->key, sizeof(t->key)))
		return (ioc_fail(err, IOC_VERIFY, "ssh-keygen does not say "
		    "which key has made it"));
	t->principal = strdup(IOC_SHOW(c->principal));
	if (t->principal == NULL)
		return (ioc_fail_nomem(err));
	t->from = IOC_TRUST_SIGNED;
	return (0);
}

/* --- what it reads --------------------------------------------------------------- */

static int
read_signers(struct check *c, struct ioc_error *err)
{
	const char *path = c->w->job->signers, *slash = strrchr(path, '/');
	auto_free char *dir = NULL;
	int r;

	if (slash == NULL || slash[1] == '\0')
		return (ioc_fail(err, IOC_INVALID, "signers %s: not the path of "
		    "a file", IOC_SHOW(path)));
	dir = slash == path ? strdup("/") :
	    strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_setsjob_read_trusted(dir, slash + 1, &c->signers, err);
	/* It was named: that it is not there is no other case. */
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_INVALID, "signers %s: there is no "
		    "such file", IOC_SHOW(path)));
	return (ioc_wrap(err, r, "signers %s", IOC_SHOW(path)));
}

static int
read_signature(struct check *c, const char *file, const char *where,
    struct ioc_error *err)
{
	struct ioc_error cause = { .code = 0 };
	auto_free char *name = NULL, *url = NULL;
	int r;

	if (asprintf(&name, "%s.sig", file) < 0) {
		name = NULL;
		return (ioc_fail_nomem(err));
	}
	if (asprintf(&url, "%s.sig", where) < 0) {
		url = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_setsjob_read_place(c->w, name, url, SIGNATURE_BYTES,
	    &c->signature, &cause);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_VERIFY, "there is none, and only a "
		    "manifest that one of the signers of %s has signed is "
		    "followed", IOC_SHOW(c->w->job->signers)));
	ioc_error_copy(err, &cause);
	return (r);
}

static int
put(struct check *c, const char *file, const char *text, size_t len,
    struct ioc_error *err)
{
	return (ioc_file_replace(c->dir_fd, file, text, len, 0444, (uid_t)-1,
	    (gid_t)-1, IOC_FILE_NOSYNC, err));
}

/* Everybody may read it, who may enter what it lies in. */
static int
lay_out(struct check *c, struct ioc_error *err)
{
	const struct ioc_dist_job *job = c->w->job;
	const char *passwd = ioc_proc_passwd();
	int r;

	if (asprintf(&c->dir, "%s/" DIR, job->root_path) < 0) {
		c->dir = NULL;
		return (ioc_fail_nomem(err));
	}
	c->dir_fd = ioc_path_mkdir(job->root_fd, DIR, 0755, IOC_PATH_NOLINKS,
	    err);
	if (c->dir_fd < 0)
		return (c->dir_fd);
	r = put(c, "signers", ioc_buf_str(&c->signers), c->signers.len, err);
	if (r == 0)
		r = put(c, "signature", ioc_buf_str(&c->signature),
		    c->signature.len, err);
	return (r == 0 ? put(c, "passwd", passwd, strlen(passwd), err) : r);
}

int
ioc_signed_verify(const struct ioc_setsjob *w, const char *file,
    struct ioc_trusted *t, struct ioc_error *err)
{
	IOC_AUTO(check_fini) struct check c = {
		.w = w, .dir_fd = -1,
		.tool = ioc_proc_find(IOC_TOOL_SSH_KEYGEN),
		.signers = IOC_BUF(SIGNERS_BYTES),
		.signature = IOC_BUF(SIGNATURE_BYTES),
		.out = IOC_BUF(OUTPUT_BYTES), .err = IOC_BUF(OUTPUT_BYTES),
	};
	int r;

	if (c.tool == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "ssh-keygen is not "
		    "installed, and signatures of %s are asked for",
		    w->sets->name));
	r = read_signers(&c, err);
	if (r != 0)
		return (r);
	r = read_signature(&c, file, t->where, err);
	if (r == 0)
		r = lay_out(&c, err);
	if (r == 0)
		r = find_principal(&c, err);
	if (r == 0)
		r = verify(&c, t, err);
	return (ioc_wrap(err, r, "signature %s.sig", IOC_SHOW(t->where)));
}
