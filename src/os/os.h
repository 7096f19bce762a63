/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system must be able to do for us.  One folder beneath os/ is linked,
 * or tests/fake, which keeps a host in memory.
 *
 * The life of a jail, in this order, and undone in the reverse:
 *
 *	prepare   claim the name, load what the kernel needs
 *	limit     resource limits, so that nothing ever runs without them
 *	mount     the root and everything in it
 *	create    the kernel object, with a process in it where it needs one
 *
 * On FreeBSD `mount` mounts on the host beneath the root and `create` is
 * jail_set(2).  On Linux `mount` starts the jail's first process in its new
 * namespaces, which waits, and builds the tree there; `create` lets it pivot
 * into it and become the jail's init.  What one call made, the call of the same
 * noun undoes: each undo works on half-done state and on nothing at all, and
 * also on a jail that was found with ioc_os_jail_find() after a crash.
 *
 * What is true about running jails is in the kernel and in the run directory;
 * an entry there counts only if its stamp proves that it is still the same
 * jail.  Nothing of the file system of a jail is ever addressed by a path of
 * the host: roots, sources and targets are descriptors.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

struct ioc_os;
struct ioc_os_jail;

/* --- the host ----------------------------------------------------------- */

struct ioc_os_options {
	/* The run directory, borrowed; -1 when the user may not read it: what
	   runs cannot be told then, PERMISSION. */
	int		 run_fd;
	const char	*helper_dir;	/* where ioc-init is */
};

struct ioc_os_facts {
	char	system[32];	/* "Linux", "FreeBSD", "HardenedBSD" */
	char	release[64];	/* of the kernel: uname -r */
	char	arch[32];	/* as the system names it: "amd64" */
	char	boot_id[64];	/* differs after every boot */
	char	distribution[32]; /* default for fetch: "debian", "freebsd", ... */
};

enum ioc_os_feature {
	IOC_CAN_JAIL,		/* run jails at all */
	IOC_CAN_IDMAP,		/* own uid range and id-mapped mounts */
	IOC_CAN_OVERLAY,	/* thin jails by overlay */
	IOC_CAN_NULLFS,		/* thin jails by read-only base directories */
	IOC_CAN_VNET,
	IOC_CAN_LIMITS,
	IOC_CAN_LANDLOCK,
	IOC_CAN_SECCOMP,
	IOC_CAN_CAPSICUM,
	IOC_CAN_ZFS,
	IOC_CAN_SHARE,		/* what a jail passes another leads out of neither */
	IOC_CAN_MAX
};

int	ioc_os_open(const struct ioc_os_options *o, struct ioc_os **ret,
	    struct ioc_error *err);
void	ioc_os_close(struct ioc_os *os);
const struct ioc_os_facts *ioc_os_facts(const struct ioc_os *os);
/* 0, or UNSUPPORTED with the kernel option, module or rc.conf line missing. */
int	ioc_os_can(struct ioc_os *os, enum ioc_os_feature f,
	    struct ioc_error *err);

/*
 * Might the kernel run programs of an ELF machine (e_machine) that is not its
 * own: the 32-bit ones of its processors, or by an emulator that is registered?
 */
bool	ioc_os_emulates(const struct ioc_os *os, unsigned machine);

/* Linux: users and groups that a jail has of its own, a range on the host. */
#define	IOC_ID_COUNT	65536u

/* --- where a root comes from (filled by the store) ------------------------ */

enum ioc_os_root_kind {
	IOC_ROOT_DIR,		/* `root` is the whole tree, writable */
	IOC_ROOT_OVERLAY,	/* `lower` read-only below `upper`, with `work` */
	IOC_ROOT_NULLFS,	/* `root`, with base directories of `lower` over it */
};

struct ioc_os_root {
	enum ioc_os_root_kind kind;
	int		 root;		/* descriptors, -1 where not used; */
	int		 lower;		/* owned by whoever filled this */
	int		 upper;
	int		 work;
	const char *const *base_dirs;	/* NULLFS: relative, beneath lower */
	bool		 readonly;	/* the jail may not write to it */
};

#define	IOC_OS_ROOT	{ .root = -1, .lower = -1, .upper = -1, .work = -1 }

/* --- what is mounted into it -------------------------------------------- */

enum ioc_os_mount_kind {
	IOC_MOUNT_BIND,		/* a directory or file of the host (nullfs);
				   never with devices */
	IOC_MOUNT_DEV,		/* the minimal set of devices, with pts and shm */
	IOC_MOUNT_FDESC,	/* FreeBSD: /dev/fd; Linux has it in DEV */
	IOC_MOUNT_PROC,		/* masked */
	IOC_MOUNT_SYS,		/* read-only, masked; Linux only */
	IOC_MOUNT_TMPFS,
	IOC_MOUNT_LINPROC,	/* FreeBSD */
	IOC_MOUNT_LINSYS,	/* FreeBSD */
	IOC_MOUNT_TEXT,		/* no mount: a file that says `text`, instead of
				   the one there, which is a regular file or none
				   (UNSAFE); with the jail's root as its owner */
};

enum ioc_os_mount_flags {
	IOC_MNT_RDONLY = 1 << 0,
	IOC_MNT_NOSUID = 1 << 1,
	IOC_MNT_NODEV = 1 << 2,
	IOC_MNT_NOEXEC = 1 << 3,
	IOC_MNT_NOSYMFOLLOW = 1 << 4,
	IOC_MNT_IDMAP = 1 << 5,		/* BIND: through the jail's uid range */
	IOC_MNT_BARE = 1 << 6,		/* DEV: null, zero, random and urandom,
					   the links to descriptors, no more */
};

struct ioc_os_mount {
	enum ioc_os_mount_kind kind;
	unsigned	 flags;
	int		 source;	/* BIND: descriptor, borrowed; else -1 */
	const char	*target;	/* beneath the root, "/dev"; made if missing */
	uint64_t	 size;		/* TMPFS: bytes, 0: 64 MiB */
	uint32_t	 devfs_ruleset;	/* DEV on FreeBSD */
	const char	*text;		/* TEXT */
};

/* --- limits --------------------------------------------------------------- */

struct ioc_os_limit {
	const char	*name;		/* rctl(8) resource: memoryuse, maxproc,
					   pcpu, ... */
	const char	*action;	/* "deny", ... */
	uint64_t	 amount;
	const char	*per;		/* "jail" */
};

/* --- a jail --------------------------------------------------------------- */

struct ioc_os_param {
	const char	*name;		/* jail(8) name: "allow.raw_sockets" */
	const char	*value;
};

struct ioc_os_jail_spec {
	const char	*name;		/* source-jail, as the kernel may have it */
	const char	*hostname;
	const char	*domainname;	/* or NULL */
	const char	*hostuuid;	/* or NULL */
	bool		 userns;	/* Linux: own uid range; false only when the
					   administrator said so */
	uint32_t	 id_base;	/* first uid and gid of its range */
	uint32_t	 id_count;
	bool		 vnet;		/* own network stack; on Linux always, with
					   loopback only */
	bool		 ephemeral;	/* dies with the process that made it */
	const struct ioc_os_param *params;
	size_t		 nparams;
};

enum ioc_os_jail_state {
	IOC_OS_JAIL_NONE,	/* nothing of it exists */
	IOC_OS_JAIL_PARTIAL,	/* traces of a start or stop that died */
	IOC_OS_JAIL_RUNNING,
};

struct ioc_os_jail_info {
	char	name[128];
	enum ioc_os_jail_state state;
	int64_t	id;		/* jid, or the init's pid; 0 when not running */
	uint64_t started;	/* seconds since the epoch */
	bool	ephemeral;	/* as in its spec: its maker cleans it up */
};

/*
 * prepare: a handle for a jail that does not run; BUSY when it does.  Copies
 * the spec.  find: a handle for whatever exists under that name, also nothing.
 * free: ends the handle, not the jail; a jail that was prepared and never
 * created is undone.
 */
int	ioc_os_jail_prepare(struct ioc_os *os,
	    const struct ioc_os_jail_spec *spec, struct ioc_os_jail **ret,
	    struct ioc_error *err);
int	ioc_os_jail_find(struct ioc_os *os, const char *name,
	    struct ioc_os_jail **ret, struct ioc_error *err);
void	ioc_os_jail_free(struct ioc_os_jail *j);
IOC_DEFINE_AUTO(struct ioc_os_jail, ioc_os_jail_free);

/* Fresh from the kernel at each call. */
int	ioc_os_jail_info(struct ioc_os_jail *j, struct ioc_os_jail_info *info,
	    struct ioc_error *err);

/*
 * Every jail of ours that the run directory or the kernel knows.  One pass,
 * no process started, no stat of any root.  The array is the caller's: free().
 */
int	ioc_os_jail_list(struct ioc_os *os, struct ioc_os_jail_info **ret,
	    size_t *n, struct ioc_error *err);

int	ioc_os_jail_limit(struct ioc_os_jail *j,
	    const struct ioc_os_limit *limits, size_t n, struct ioc_error *err);
int	ioc_os_jail_unlimit(struct ioc_os_jail *j, struct ioc_error *err);

int	ioc_os_jail_mount(struct ioc_os_jail *j, const struct ioc_os_root *root,
	    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err);
int	ioc_os_jail_unmount(struct ioc_os_jail *j, struct ioc_error *err);

/* After it the jail runs and is seen by find and list. */
int	ioc_os_jail_create(struct ioc_os_jail *j, struct ioc_error *err);
struct ioc_os_exec;
struct ioc_os_process;
/*
 * create, together with the jail's first command (see ioc_os_jail_exec): the
 * same as one after the other, without entering the jail a second time.  When
 * the command cannot be started, nothing runs, and the error is that of exec.
 * An ephemeral jail may end with this command.
 */
int	ioc_os_jail_create_with(struct ioc_os_jail *j,
	    const struct ioc_os_exec *e, struct ioc_os_process *ret,
	    struct ioc_error *err);
/*
 * Asks every process of the jail to end (TERM), waits up to timeout_ms, kills
 * what is left, removes the kernel object and waits until it is gone.
 */
int	ioc_os_jail_remove(struct ioc_os_jail *j, int timeout_ms,
	    struct ioc_error *err);
/* The last undo: forgets the name in the run directory. */
int	ioc_os_jail_release(struct ioc_os_jail *j, struct ioc_error *err);

/* Mounts and unmounts in a jail that runs. */
int	ioc_os_jail_mount_live(struct ioc_os_jail *j,
	    const struct ioc_os_mount *m, struct ioc_error *err);
int	ioc_os_jail_unmount_live(struct ioc_os_jail *j, const char *target,
	    struct ioc_error *err);

/* --- processes in a jail ---------------------------------------------------- */

struct ioc_os_exec {
	const char *const *argv;	/* argv[0] is looked up in the jail's PATH */
	const char *const *env;		/* whole environment */
	const char	*user;		/* name or number in the jail; NULL: root */
	const char	*dir;		/* in the jail; NULL: "/", or home on login */
	bool		 login;		/* user's shell as a login shell, argv unused */
	bool		 tty;		/* own pty of the jail, as stdin/out/err */
	uint16_t	 rows, cols;
	int		 fds[3];	/* without tty: its stdin, stdout, stderr;
					   -1: /dev/null */
};

struct ioc_os_process {
	int64_t	 pid;		/* on the host */
	int	 pidfd;		/* Linux pidfd, FreeBSD process descriptor; or -1 */
	int	 pty;		/* master side when tty, else -1 */
	int	 wait_fd;	/* carries the wait status when it cannot be
				   waited for directly, else -1 */
};

/*
 * Starts a process in a running jail: no descriptor but 0-2, not traceable
 * before its rights are those of the jail, a session of its own, user and
 * groups from the jail's /etc/passwd and /etc/group as read with the jail's
 * rights.  CHILD with err->sys set (ENOENT, EACCES, ENOEXEC): the command itself
 * cannot be executed.  NOT_FOUND: no such user.
 */
int	ioc_os_jail_exec(struct ioc_os_jail *j, const struct ioc_os_exec *e,
	    struct ioc_os_process *ret, struct ioc_error *err);
/*
 * Waits until it ends, at most timeout_ms (-1: for ever; TIMEOUT).  *status is
 * the exit status, 128 + N after signal N.
 */
int	ioc_os_process_wait(struct ioc_os_process *p, int timeout_ms,
	    int *status, struct ioc_error *err);
int	ioc_os_process_signal(struct ioc_os_process *p, int sig,
	    struct ioc_error *err);
/* Closes descriptors; the process goes on. */
void	ioc_os_process_close(struct ioc_os_process *p);

#endif /* OS_OS_H */
