/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mirror that lies: with a certificate of nobody, with a release that was
 * signed by somebody else, and with a redirect out of TLS.  It ends with 77
 * where it cannot run: debootstrap needs root.
 */
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/debian.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tree.h"

#define	OPENSSL	"/usr/bin/openssl"
#define	GPG	"/usr/bin/gpg"
#define	GPGCONF	"/usr/bin/gpgconf"
#define	WGET	"/usr/bin/wget"
#define	BOOT	"/usr/sbin/debootstrap"

struct mirror {
	char	top[64];	/* everything of this test */
	int	fd;
	int	tls_port, http_port;
	pid_t	tls, http;
	char	url[64];	/* https://localhost:PORT/debian */
	char	ca[96];
};

/* --- servers ------------------------------------------------------------------- */

static int
run(const struct mirror *m, const char *const *argv)
{
	auto_free char *home = NULL;
	struct ioc_proc p = IOC_PROC;
	int status = -1;

	assert_true(asprintf(&home, "GNUPGHOME=%s/gpg", m->top) > 0);
	p.path = argv[0];
	p.argv = argv;
	p.env = (const char *const[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	    "LC_ALL=C", "HOME=/nonexistent", home, NULL };
	if (ioc_proc_run(&p, &status, NULL) != 0)
		return (-1);
	return (status);
}
#define	RUN(m, ...)	run((m), (const char *const[]){ __VA_ARGS__, NULL })

static int
listen_on(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(s, 16), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return (s);
}

/* Answers "stolen" to everything, without TLS. */
static pid_t
serve_http(int *port)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n"
	    "Content-Length: 7\r\n\r\nstolen\n";
	auto_fd int s = listen_on(port);
	pid_t pid = fork();

	assert_true(pid >= 0);
	while (pid == 0) {
		int c = accept(s, NULL, NULL);
		char buf[4096];

		if (c < 0)
			_exit(1);
		if (read(c, buf, sizeof(buf)) > 0 &&
		    write(c, answer, sizeof(answer) - 1) < 0)
			_exit(1);
		(void)close(c);
	}
	return (pid);
}

/* The files beneath top/www are whole answers, with their headers. */
static void
serve_tls(struct mirror *m)
{
	auto_fd int s = listen_on(&m->tls_port);
	auto_free char *port = NULL, *cert = NULL, *key = NULL, *www = NULL;

	assert_true(asprintf(&port, "%d", m->tls_port) > 0);
	assert_true(asprintf(&cert, "%s/cert.pem", m->top) > 0);
	assert_true(asprintf(&key, "%s/key.pem", m->top) > 0);
	assert_true(asprintf(&www, "%s/www", m->top) > 0);
	ioc_fd_close(&s);
	m->tls = fork();
	assert_true(m->tls >= 0);
	if (m->tls == 0) {
		int null = open("/dev/null", O_RDWR);

		if (chdir(www) != 0 || dup2(null, 0) < 0 ||
		    dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(1);
		(void)execl(OPENSSL, "openssl", "s_server", "-quiet",
		    "-accept", port, "-cert", cert, "-key", key, "-HTTP",
		    (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET,
		    .sin_port = htons((uint16_t)m->tls_port) };
		auto_fd int c = socket(AF_INET, SOCK_STREAM, 0);

		a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (connect(c, (struct sockaddr *)&a, sizeof(a)) == 0)
			return;
		(void)usleep(50 * 1000);
	}
	fail_msg("the server did not start");
}

/* --- what it serves --------------------------------------------------------------- */

static void
put_answer(const struct mirror *m, const char *path, const char *head,
    const char *body)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_free char *dir = strdup(path);
	auto_fd int fd = -1;

	*strrchr(dir, '/') = '\0';
	fd = ioc_path_mkdirs(m->fd, dir, 0755, (uid_t)-1, (gid_t)-1, 0, NULL);
	assert_true(fd >= 0);
	assert_int_equal(ioc_buf_addf(&b, "%s\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s", head, strlen(body), body), 0);
	assert_int_equal(ioc_file_replace(m->fd, path, b.data, b.len, 0644,
	    (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, NULL), 0);
}

/* An InRelease like Debian's, signed by a key that nobody trusts. */
static void
put_signed(const struct mirror *m)
{
	static const char text[] = "Origin: Debian\nSuite: oldstable\n"
	    "Codename: bookworm\nComponents: main\nArchitectures: amd64\n"
	    "Date: Sat, 11 Jul 2026 10:16:37 UTC\nAcquire-By-Hash: no\nSHA256:\n"
	    " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
	    "0 main/binary-amd64/Packages\n"
	    " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
	    "0 main/binary-amd64/Release\n";
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_free char *in = NULL, *out = NULL;

	assert_int_equal(mkdirat(m->fd, "gpg", 0700), 0);
	assert_true(asprintf(&in, "%s/Release", m->top) > 0);
	assert_true(asprintf(&out, "%s/InRelease", m->top) > 0);
	assert_int_equal(ioc_file_replace(m->fd, "Release", text,
	    sizeof(text) - 1, 0644, (uid_t)-1, (gid_t)-1, 0, NULL), 0);
	assert_int_equal(RUN(m, GPG, "--batch", "--quiet", "--passphrase", "",
	    "--quick-generate-key", "mallory@example.org", "ed25519", "sign",
	    "1d"), 0);
	assert_int_equal(RUN(m, GPG, "--batch", "--quiet", "--output", out,
	    "--clearsign", in), 0);
	(void)RUN(m, GPGCONF, "--kill", "all");
	assert_int_equal(ioc_file_read(m->fd, "InRelease", &b, NULL), 0);
	for (const char **dir = (const char *[]){ "debian/dists/bookworm",
	    "debian/dists/bookworm-updates",
	    "debian-security/dists/bookworm-security", NULL }; *dir != NULL;
	    dir++) {
		auto_free char *path = NULL;

		assert_true(asprintf(&path, "www/%s/InRelease", *dir) > 0);
		put_answer(m, path, "HTTP/1.0 200 OK", b.data);
	}
	put_answer(m, "www/debian/dists/bookworm/main/binary-amd64/Packages",
	    "HTTP/1.0 200 OK", "");
}

static int
setup(void **state)
{
	static struct mirror m;
	auto_free char *cert = NULL, *key = NULL, *head = NULL;

	(void)snprintf(m.top, sizeof(m.top), "/tmp/ioc-attack-XXXXXX");
	assert_non_null(mkdtemp(m.top));
	m.fd = ioc_path_root(m.top, NULL);
	assert_true(m.fd >= 0);
	assert_true(asprintf(&cert, "%s/cert.pem", m.top) > 0);
	assert_true(asprintf(&key, "%s/key.pem", m.top) > 0);
	assert_int_equal(RUN(&m, OPENSSL, "req", "-x509", "-newkey",
	    "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
	    "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
	    "-out", cert), 0);
	(void)snprintf(m.ca, sizeof(m.ca), "%s", cert);
	put_signed(&m);
	m.http = serve_http(&m.http_port);
	assert_true(asprintf(&head, "HTTP/1.0 302 Found\r\n"
	    "Location: http://localhost:%d/InRelease", m.http_port) > 0);
	for (const char **f = (const char *[]){
	    "redirect/dists/bookworm/InRelease",
	    "redirect/dists/bookworm/Release",
	    "redirect/dists/bookworm-updates/InRelease",
	    "redirect/dists/bookworm-updates/Release",
	    "redirect-security/dists/bookworm-security/InRelease",
	    "redirect-security/dists/bookworm-security/Release", NULL };
	    *f != NULL; f++) {
		auto_free char *path = NULL;

		assert_true(asprintf(&path, "www/%s", *f) > 0);
		put_answer(&m, path, head, "");
	}
	serve_tls(&m);
	(void)snprintf(m.url, sizeof(m.url), "https://localhost:%d/debian",
	    m.tls_port);
	*state = &m;
	return (0);
}

static int
teardown(void **state)
{
	struct mirror *m = *state;
	auto_fd int tmp = ioc_path_root("/tmp", NULL);

	if (m == NULL)
		return (0);
	(void)kill(m->tls, SIGKILL);
	(void)kill(m->http, SIGKILL);
	(void)waitpid(m->tls, NULL, 0);
	(void)waitpid(m->http, NULL, 0);
	ioc_fd_close(&m->fd);
	return (ioc_tree_remove(tmp, strrchr(m->top, '/') + 1, NULL));
}

/* --- ours ------------------------------------------------------------------------ */

/* The code of a fetch into an empty root, or of the fetch of an update. */
static int
attempt(struct mirror *m, const char *mirror, const char *ca, bool update)
{
	static const char status[] = "Package: base-files\n"
	    "Status: install ok installed\nVersion: 1\nArchitecture: amd64\n";
	auto_fd int root = -1, updates = -1, sub = -1;
	char root_path[96], updates_path[96];
	struct ioc_dist_job job = { .release = "bookworm", .mirror = mirror,
	    .ca_file = ca, .root_path = root_path };
	struct ioc_error err = { 0 };
	unsigned n = 0;
	int r;

	(void)ioc_tree_remove(m->fd, "root", NULL);
	(void)ioc_tree_remove(m->fd, "updates", NULL);
	root = ioc_path_mkdir(m->fd, "root", 0755, 0, NULL);
	updates = ioc_path_mkdir(m->fd, "updates", 0755, 0, NULL);
	assert_true(root >= 0 && updates >= 0);
	(void)snprintf(root_path, sizeof(root_path), "%s/root", m->top);
	(void)snprintf(updates_path, sizeof(updates_path), "%s/updates",
	    m->top);
	job.root_fd = root;
	if (!update) {
		r = ioc_debian_fetch(&job, &err);
	} else {
		job.updates_fd = updates;
		job.updates_path = updates_path;
		sub = ioc_path_mkdirs(root, "var/lib/dpkg", 0755, 0, 0, 0,
		    NULL);
		assert_int_equal(ioc_file_replace(sub, "status", status,
		    sizeof(status) - 1, 0644, 0, 0, 0, NULL), 0);
		r = ioc_debian_update_fetch(&job, &n, &err);
	}
	print_message("%s\n", err.msg);
	return (r);
}

/* --- the attacks -------------------------------------------------------------------- */

static void
test_attack_45__unknown_certificate(void **state)
{
	struct mirror *m = *state;
	auto_free char *url = NULL;

	assert_true(asprintf(&url, "%s/dists/bookworm/InRelease", m->url) > 0);
	assert_int_equal(RUN(m, WGET, "-q", "--no-check-certificate", "-O",
	    "/dev/null", url), 0);
	assert_int_equal(attempt(m, m->url, NULL, false), IOC_NETWORK);
	assert_int_equal(attempt(m, m->url, NULL, true), IOC_NETWORK);
}

static void
test_attack_42__unknown_key(void **state)
{
	struct mirror *m = *state;
	auto_free char *naive = NULL, *rc = NULL, *conf = NULL, *log = NULL;

	/* without the check it goes on to the packages that were promised */
	assert_true(asprintf(&naive, "%s/naive", m->top) > 0);
	assert_true(asprintf(&log, "%s/debootstrap/debootstrap.log",
	    naive) > 0);
	assert_true(asprintf(&rc, "SYSTEM_WGETRC=%s/wgetrc", m->top) > 0);
	assert_true(asprintf(&conf, "ca_certificate = %s\n", m->ca) > 0);
	assert_int_equal(ioc_file_replace(m->fd, "wgetrc", conf, strlen(conf),
	    0644, (uid_t)-1, (gid_t)-1, 0, NULL), 0);
	(void)RUN(m, "/usr/bin/env", rc, BOOT, "--no-check-gpg", "--foreign",
	    "--variant=minbase", "--arch=amd64", "bookworm", naive, m->url);
	assert_int_equal(RUN(m, "/bin/grep", "-qs", "binary-amd64/Packages",
	    log), 0);
	assert_int_equal(attempt(m, m->url, m->ca, false), IOC_VERIFY);
	assert_int_equal(attempt(m, m->url, m->ca, true), IOC_VERIFY);
}

static void
test_attack_41__redirect_out_of_tls(void **state)
{
	struct mirror *m = *state;
	auto_free char *base = NULL, *url = NULL, *ca = NULL, *out = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_true(asprintf(&base, "https://localhost:%d/redirect",
	    m->tls_port) > 0);
	assert_true(asprintf(&url, "%s/dists/bookworm/InRelease", base) > 0);
	assert_true(asprintf(&ca, "--ca-certificate=%s", m->ca) > 0);
	assert_true(asprintf(&out, "%s/stolen", m->top) > 0);
	assert_int_equal(RUN(m, WGET, "-q", ca, "-O", out, url), 0);
	assert_int_equal(ioc_file_read(m->fd, "stolen", &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b), "stolen\n");
	assert_int_equal(attempt(m, base, m->ca, false), IOC_NETWORK);
	assert_true(attempt(m, base, m->ca, true) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attack_45__unknown_certificate),
		cmocka_unit_test(test_attack_42__unknown_key),
		cmocka_unit_test(test_attack_41__redirect_out_of_tls),
	};

	if (geteuid() != 0 || access(OPENSSL, X_OK) != 0 ||
	    access(GPG, X_OK) != 0 || access(WGET, X_OK) != 0 ||
	    access(BOOT, X_OK) != 0) {
		print_message("skipped: needs root, debootstrap, gpg, "
		    "openssl, wget\n");
		return (77);
	}
	return (cmocka_run_group_tests(tests, setup, teardown));
}
