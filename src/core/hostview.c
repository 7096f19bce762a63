/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/hostview.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"

#define	FILE_MAX	(16u << 20)

/* What programs of the base are made of; `must`: no host is without. */
static const struct {
	const char	*path;
	bool		 must;
} dirs[IOC_HOSTVIEW_DIRS] = {
	{ "/bin", true },
	{ "/sbin", true },
	{ "/lib", true },
	{ "/libexec", true },
	{ "/usr/bin", true },
	{ "/usr/sbin", true },
	{ "/usr/lib", true },
	{ "/usr/libexec", true },
	{ "/usr/local/sbin", false },	/* pkg(8) */
	{ "/etc/ssl/certs", false },	/* links into the next */
	{ "/usr/share/certs", false },
	{ "/usr/share/keys", false },
	{ "/usr/share/misc", false },
};

static const char *const files[] = {
	"/etc/host.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/protocols",
	"/etc/resolv.conf", "/etc/services", "/etc/ssl/cert.pem",
	"/etc/ssl/openssl.cnf", NULL
};

/* Who there is: master.passwd is what databases are made of, where there are any. */
static const struct {
	const char	*path;
	const char	*text;
} made[] = {
	{ "etc/group", "wheel:*:0:\nnogroup:*:65533:\nnobody:*:65534:\n" },
	{ "etc/passwd",
	    "root:*:0:0:root:/root:/usr/sbin/nologin\n"
	    "nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" },
	{ "etc/master.passwd",
	    "root:*:0:0::0:0:root:/root:/usr/sbin/nologin\n"
	    "nobody:*:65534:65534::0:0:nobody:/nonexistent:"
	    "/usr/sbin/nologin\n" },
};

/* The updater asks where the running kernel is; there is none in a release. */
static const char *const empty[] = { "boot/kernel", "etc/ssl", "tmp", NULL };

static int
copy_file(int root, const char *path, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(FILE_MAX);
	struct ioc_error e;
	int r = ioc_file_read_host(path, &b, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (ioc_file_replace(root, path + 1, ioc_buf_str(&b), b.len, 0644,
	    0, 0, IOC_FILE_NOSYNC, err));
}

static int
open_dir(struct ioc_hostview *v, const char *path, bool must,
    struct ioc_error *err)
{
	struct ioc_error e;
	int fd = ioc_path_root(path, &e);

	/* Also one that is a link. */
	if (fd < 0 && !must && !ioc_error_is_shortage(&e))
		return (0);
	if (fd < 0) {
		ioc_error_copy(err, &e);
		return (fd);
	}
	v->fds[v->n] = fd;
	v->mounts[v->n++] = (struct ioc_os_mount){
		.kind = IOC_MOUNT_BIND, .source = fd, .target = path,
		.flags = IOC_MNT_RDONLY | IOC_MNT_NOSUID | IOC_MNT_NODEV,
	};
	return (0);
}

/* Where there is no pwd_mkdb(8), as on Linux, the text is what is read. */
static int
make_users(int root, const char *path, struct ioc_error *err)
{
	auto_strv struct ioc_strv argv = IOC_STRV;
	struct ioc_proc p = IOC_PROC;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(made) / sizeof(*made); i++)
		r = ioc_file_replace(root, made[i].path, made[i].text,
		    strlen(made[i].text), 0644, 0, 0, IOC_FILE_NOSYNC, err);
	p.path = ioc_proc_find(IOC_TOOL_PWD_MKDB);
	if (r != 0 || p.path == NULL)
		return (r);
	(void)ioc_strv_add(&argv, p.path);
	(void)ioc_strv_add(&argv, "-p");
	(void)ioc_strv_add(&argv, "-d");
	(void)ioc_strv_addf(&argv, "%s/etc", path);
	(void)ioc_strv_addf(&argv, "%s/etc/master.passwd", path);
	r = ioc_strv_check(&argv, err);
	if (r != 0)
		return (r);
	p.argv = ioc_strv_get(&argv);
	return (ioc_proc_check(&p, err));
}

int
ioc_hostview_open(struct ioc_hostview *v, int root, const char *path,
    struct ioc_error *err)
{
	int r = 0;

	for (const char *const *p = empty; r == 0 && *p != NULL; p++) {
		auto_fd int fd = ioc_path_mkdirs(root, *p, 0755, 0, 0,
		    IOC_PATH_NOLINKS, err);

		r = fd < 0 ? fd : 0;
	}
	for (const char *const *p = files; r == 0 && *p != NULL; p++)
		r = copy_file(root, *p, err);
	if (r == 0)
		r = make_users(root, path, err);
	for (size_t i = 0; r == 0 && i < IOC_HOSTVIEW_DIRS; i++)
		r = open_dir(v, dirs[i].path, dirs[i].must, err);
	return (ioc_wrap(err, r, "programs of the host"));
}

void
ioc_hostview_fini(struct ioc_hostview *v)
{
	while (v->n > 0)
		ioc_fd_close(&v->fds[--v->n]);
}
