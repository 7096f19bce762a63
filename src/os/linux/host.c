/* SPDX-License-Identifier: BSD-2-Clause */
/* The host: facts, and what its kernel can do. */
#include "os/linux/linux.h"

#include <sys/prctl.h>
#include <sys/utsname.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The first bytes of a file of the host; what does not fit is not needed. */
static bool
read_head(const char *path, char *out, size_t size)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, size - 1) : -1;

	out[n > 0 ? n : 0] = '\0';
	return (n > 0);
}

static void
chomp(char *s)
{
	s[strcspn(s, "\n")] = '\0';
}

/* The value of ID= in os-release, without its quotes. */
static void
distribution(char out[32])
{
	char text[4096], *p;
	size_t len;

	if (!read_head("/etc/os-release", text, sizeof(text)) &&
	    !read_head("/usr/lib/os-release", text, sizeof(text)))
		return;
	p = ioc_str_starts(text, "ID=") ? text : strstr(text, "\nID=");
	if (p == NULL)
		return;
	p = strchr(p, '=') + 1;
	p += *p == '"' || *p == '\'';
	len = strcspn(p, "\"'\n");
	(void)snprintf(out, 32, "%.*s", (int)len, p);
}

static int
facts(struct ioc_os *os, struct ioc_error *err)
{
	static const char *const archs[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },
	};
	struct ioc_os_facts *f = &os->facts;
	const char *arch;
	struct utsname u;

	if (uname(&u) != 0)
		return (ioc_fail_errno(err, "uname"));
	arch = u.machine;
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (strcmp(arch, archs[i][0]) == 0)
			arch = archs[i][1];
	(void)snprintf(f->system, sizeof(f->system), "Linux");
	(void)snprintf(f->release, sizeof(f->release), "%.63s", u.release);
	(void)snprintf(f->arch, sizeof(f->arch), "%.31s", arch);
	errno = 0;
	if (!read_head("/proc/sys/kernel/random/boot_id", f->boot_id,
	    sizeof(f->boot_id)) && errno != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "/proc/sys/kernel/random/boot_id"));
	if (f->boot_id[0] == '\0')
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "/proc is not mounted on this host"));
	chomp(f->boot_id);
	distribution(f->distribution);
	return (0);
}

int
ioc_os_open(const struct ioc_os_options *o, struct ioc_os **ret,
    struct ioc_error *err)
{
	struct ioc_os *os = calloc(1, sizeof(*os));
	struct stat st;
	int rc;

	if (os == NULL)
		return (ioc_fail_nomem(err));
	os->run_fd = os->init_fd = os->life[0] = os->life[1] = -1;
	for (int i = 0; i < LX_CGROUPS; i++)
		os->cgroup[i] = -1;
	if (o->run_fd >= 0) {
		os->run_fd = fcntl(o->run_fd, F_DUPFD_CLOEXEC, 3);
		if (os->run_fd < 0 || fstat(os->run_fd, &st) != 0) {
			rc = ioc_fail_errno(err, "run directory");
			ioc_os_close(os);
			return (rc);
		}
		(void)snprintf(os->run_id, sizeof(os->run_id), "%x.%lx",
		    (unsigned)st.st_dev, (unsigned long)st.st_ino);
	}
	os->helper_dir = strdup(o->helper_dir != NULL ? o->helper_dir : "");
	rc = os->helper_dir == NULL ? ioc_fail_nomem(err) : facts(os, err);
	if (rc != 0) {
		ioc_os_close(os);
		return (rc);
	}
	*ret = os;
	return (0);
}

void
ioc_os_close(struct ioc_os *os)
{
	if (os == NULL)
		return;
	ioc_fd_close(&os->run_fd);
	ioc_fd_close(&os->init_fd);
	ioc_fd_close(&os->life[0]);
	ioc_fd_close(&os->life[1]);
	for (int i = 0; i < LX_CGROUPS; i++)
		ioc_fd_close(&os->cgroup[i]);
	free(os->helper_dir);
	free(os);
}

const struct ioc_os_facts *
ioc_os_facts(const struct ioc_os *os)
{
	return (&os->facts);
}

static int
can_namespaces(struct ioc_error *err)
{
	static const char *const ns[][2] = {
		{ "mnt", "CONFIG_NAMESPACES" }, { "pid", "CONFIG_PID_NS" },
		{ "net", "CONFIG_NET_NS" }, { "uts", "CONFIG_UTS_NS" },
		{ "ipc", "CONFIG_IPC_NS" }, { "cgroup", "CONFIG_CGROUPS" },
	};
	char path[32];

	if (geteuid() != 0)
		return (ioc_fail(err, IOC_PERMISSION, "jails need root"));
	for (size_t i = 0; i < sizeof(ns) / sizeof(*ns); i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s",
		    ns[i][0]);
		if (access(path, F_OK) != 0)
			return (ioc_fail(err, IOC_UNSUPPORTED,
			    "the kernel was built without %s", ns[i][1]));
	}
	if (sys_open_tree(-1, "", 0) < 0 && errno == ENOSYS)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "jails need Linux 5.12 or newer"));
	return (0);
}

static int
can_idmap(struct ioc_error *err)
{
	char text[32];

	if (!read_head("/proc/sys/user/max_user_namespaces", text,
	    sizeof(text)))
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel was built without CONFIG_USER_NS"));
	chomp(text);
	if (strcmp(text, "0") == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "user namespaces are "
		    "switched off (sysctl user.max_user_namespaces)"));
	if (sys_mount_setattr(-1, NULL, 0, &(struct mount_attr){ 0 }) < 0 &&
	    errno == ENOSYS)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "id-mapped mounts need Linux 5.12 or newer"));
	return (0);
}

static int
can_fs(const char *name, struct ioc_error *err)
{
	char text[8192], word[32];
	auto_fd int fd = -1;

	(void)snprintf(word, sizeof(word), "\t%s\n", name);
	if (read_head("/proc/filesystems", text, sizeof(text)) &&
	    strstr(text, word) != NULL)
		return (0);
	/* For root the kernel loads the module by itself. */
	fd = sys_fsopen(name);
	if (fd >= 0)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED,
	    "the kernel has no %s file system (modprobe %s)", name, name));
}

static int
can_landlock(struct ioc_error *err)
{
	/* LANDLOCK_CREATE_RULESET_VERSION */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) >= 1)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED,
	    "the kernel has no Landlock, or lsm= leaves it out"));
}

static int
can_seccomp(struct ioc_error *err)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED,
	    "the kernel was built without CONFIG_SECCOMP_FILTER"));
}

static int
can_zfs(struct ioc_error *err)
{
	static const char *const paths[] = { "/sbin/zfs", "/usr/sbin/zfs",
		"/usr/local/sbin/zfs" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (access(paths[i], X_OK) == 0)
			return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED,
	    "the program zfs is not installed"));
}

int
ioc_os_can(struct ioc_os *os, enum ioc_os_feature f, struct ioc_error *err)
{
	switch (f) {
	case IOC_CAN_JAIL:
	case IOC_CAN_VNET:
		return (can_namespaces(err));
	case IOC_CAN_IDMAP:
		return (can_idmap(err));
	case IOC_CAN_OVERLAY:
		return (can_fs("overlay", err));
	case IOC_CAN_LIMITS:
		return (ioc_lx_cgroup_can(os, err));
	case IOC_CAN_LANDLOCK:
		return (can_landlock(err));
	case IOC_CAN_SECCOMP:
		return (can_seccomp(err));
	case IOC_CAN_ZFS:
		return (can_zfs(err));
	case IOC_CAN_SHARE:
		/* ".." ends where the mounts of whoever opened it do. */
		return (0);
	case IOC_CAN_NULLFS:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "nullfs exists on FreeBSD only"));
	case IOC_CAN_CAPSICUM:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "Capsicum exists on FreeBSD only"));
	case IOC_CAN_MAX:
		break;
	}
	return (ioc_fail(err, IOC_INVALID, "no such feature"));
}
