/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share.
 *
 * Who is who while a jail starts: the caller C; the launcher L, its child,
 * which clones and goes; the jail's first process J, which is in the jail's
 * namespaces and builds the tree, waits, pivots into it and becomes ioc-init.
 * C and J are joined by a socket pair.  L has both ends: what it sends on C's
 * end reaches J, and on J's end reaches C.  J ends when that socket does, so
 * that a caller that dies leaves nothing that runs.
 *
 * L and J are forks without exec of a process that may have threads: they use
 * neither malloc nor stdio streams.
 */
#ifndef OS_LINUX_LINUX_H
#define OS_LINUX_LINUX_H

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <signal.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/compat.h"
#include "base/error.h"
#include "base/str.h"
#include "os/linux/sys.h"
#include "os/command.h"
#include "os/linux/wire.h"
#include "os/os.h"
#include "os/record.h"

#define	LX_NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |	\
	    CLONE_NEWUTS | CLONE_NEWIPC)
#define	LX_NAME_MAX	IOC_RECORD_NAME

struct ioc_os {
	int	 run_fd;		/* own copy */
	char	*helper_dir;
	int	 init_fd;		/* sealed copy of ioc-init, or -1 */
	int	 life[2];		/* ephemeral jails end when it does */
	bool	 cgroups_known;
	int	 cgroup[4];		/* mounts, by bit of lx_cg; or -1 */
	char	 run_id[24];		/* tells run directories apart */
	struct ioc_os_facts facts;
};

/* --- state.c: its record in the run directory, and whether that is true ---- */

struct lx_record {
	char	 name[LX_NAME_MAX + 1];
	char	 boot[64];
	int64_t	 pid;			/* of init; 0: never created */
	uint64_t start;			/* field 22 of /proc/PID/stat */
	uint64_t pidns;			/* inode of its pid namespace */
	uint64_t time;			/* seconds since the epoch */
	bool	 created;		/* it was seen to run, and may */
	bool	 ephemeral;		/* ends with the process that made it */
	bool	 userns;
	uint32_t base;
	uint32_t count;
	uint64_t caps;			/* what its processes may keep */
	uint32_t cgroups;		/* bits of enum lx_cg that were made */
};

extern const struct ioc_record_kind ioc_lx_records;

/* Takes the stamp of a process that cannot end while this runs. */
int	ioc_lx_record_stamp(struct lx_record *r, pid_t pid,
	    struct ioc_error *err);
/* True when the record's process is alive and still the same. */
bool	ioc_lx_record_alive(const struct ioc_os *os, const struct lx_record *r);
/* It was seen to run, is not being ended, and can be entered. */
bool	ioc_lx_record_runs(const struct ioc_os *os, const struct lx_record *r);
/* Alive, and a descriptor for it; -1 when it is not. */
int	ioc_lx_record_pidfd(const struct ioc_os *os, const struct lx_record *r);
/* --- limit.c ------------------------------------------------------------- */

enum lx_cg {
	LX_CG_V2 = 1 << 0,
	LX_CG_MEMORY = 1 << 1,
	LX_CG_PIDS = 1 << 2,
	LX_CG_CPU = 1 << 3,
};
#define	LX_CGROUPS	4

struct lx_limits {
	struct rlimit	 nofile;
	bool		 has_nofile;
};

struct ioc_os_jail {
	struct ioc_os	*os;
	struct lx_record r;
	char		*hostname;
	char		*domainname;
	bool		 prepared;	/* by this handle, not created yet */
	int		 ctl;		/* to J while it waits, else -1 */
	int		 pidfd;		/* of J or of init, else -1 */
	int		 cgroup_fd;	/* v2 directory for clone3, else -1 */
	struct lx_limits limits;
};

int	ioc_lx_cgroup_make(struct ioc_os_jail *j, const struct ioc_os_limit *l,
	    size_t n, struct ioc_error *err);
/* Puts a process, 0 for the caller, into the jail's v1 groups (and v2). */
int	ioc_lx_cgroup_join(struct ioc_os *os, const struct lx_record *r,
	    pid_t pid, bool v2, struct ioc_error *err);
/*
 * Opens cgroup.procs of each of its groups, -1 behind the last: a process that
 * writes "0" there joins.
 */
int	ioc_lx_cgroup_procs(struct ioc_os *os, const struct lx_record *r,
	    int fds[LX_CGROUPS + 1], struct ioc_error *err);
void	ioc_lx_cgroup_kill(struct ioc_os *os, const struct lx_record *r);
int	ioc_lx_cgroup_remove(struct ioc_os *os, const struct lx_record *r,
	    struct ioc_error *err);
int	ioc_lx_cgroup_can(struct ioc_os *os, struct ioc_error *err);

/* --- msg.c: packets between caller, launcher and jail -------------------- */

/* The packets themselves are in wire.h. */
int	ioc_lx_msg_pair(int sp[2], struct ioc_error *err);
/* 0 or -1 with errno. */
int	ioc_lx_msg_send(int fd, int kind, int64_t a, int64_t b, const int *fds,
	    int nfds);
void	ioc_lx_msg_error(int fd, const struct ioc_error *e);
/*
 * The next packet; fds are set to -1 where it has none.  1: a packet, 0: the
 * other side is gone, else an error, which may have come from the other side.
 */
int	ioc_lx_msg_recv(int fd, struct lx_msg *m, int fds[LX_MSG_FDS],
	    struct ioc_error *err);

/* --- ns.c: the launcher and the first process ----------------------------- */

struct lx_start {
	struct ioc_os_jail *j;
	const struct ioc_os_root *root;
	const struct ioc_os_mount *mounts;
	size_t		 n;
	int		 sp[2];		/* 0: the caller's end, 1: the jail's */
	struct ioc_error e;
};

/* Until the tree stands: fills j->ctl, j->pidfd and the stamp in j->r. */
int	ioc_lx_start(struct ioc_os_jail *j, const struct ioc_os_root *root,
	    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err);
/* Kills and waits for the process that j->pidfd is. */
void	ioc_lx_kill_wait(struct ioc_os_jail *j);
/* first.c: J itself. */
_Noreturn void ioc_lx_first_process(struct lx_start *s);
/* Blocks every signal and gives the mask from before. */
void	ioc_lx_block_signals(sigset_t *old);
/* Runs fn in a fork, from which its error comes back. */
int	ioc_lx_in_child(int (*fn)(void *arg, struct ioc_error *err), void *arg,
	    struct ioc_error *err);
/*
 * Keeps these descriptors (close-on-exec, under new numbers from 3 on) and
 * 0-2, closes the rest; -1 with errno.
 */
int	ioc_lx_only_fds(int *const *keep, size_t n);
/* Becomes uid 0 of the user namespace; stays untraceable. */
int	ioc_lx_become_root(struct ioc_error *err);

/* --- init_fd.c ----------------------------------------------------------- */

/* A sealed copy of ioc-init, so that /proc/1/exe is no file of the host. */
int	ioc_lx_init_fd(struct ioc_os *os, struct ioc_error *err);

/* --- root.c: detached trees, made with the host's rights ------------------ */

/* A clone of what fd has open, with flags, mapped by userns_fd unless -1. */
int	ioc_lx_tree_clone(int fd, unsigned attr, int userns_fd,
	    const char *what, struct ioc_error *err);
/* The root of the jail.  Runs in the launcher: it may unshare. */
int	ioc_lx_root_tree(const struct ioc_os_root *root, uint32_t base,
	    int userns_fd, struct ioc_error *err);
/* The way for kernels that take no detached layers; for tests too. */
int	ioc_lx_root_overlay_attached(int lower_tree, int upper, int work,
	    unsigned attr, struct ioc_error *err);

/* --- mount.c: mounts beneath a root, made with the jail's rights ---------- */

unsigned ioc_lx_mount_attr(unsigned flags);
/* Of a BIND: always nodev; nosuid, too, unless it is mapped for the jail. */
unsigned ioc_lx_bind_attr(unsigned flags);
/* A new file system; opts are key, value pairs up to NULL. */
int	ioc_lx_fs(const char *type, const char *const *opts, unsigned attr,
	    struct ioc_error *err);
/* A directory (or file) beneath root to mount on; made when it is missing. */
int	ioc_lx_target(int root, const char *path, bool dir,
	    struct ioc_error *err);
int	ioc_lx_attach(int tree, int root, const char *target,
	    struct ioc_error *err);
/* Where mounts go, and what they share. */
struct lx_build {
	int	root;
	bool	gid_tty;	/* gid 5 exists in the jail */
	int	empty;		/* an attached empty directory, or -1 */
	int	null;		/* an attached /dev/null, or -1 */
};

/* One mount of the plan; tree is the detached source of a BIND, else -1. */
int	ioc_lx_mount_one(struct lx_build *b, const struct ioc_os_mount *m,
	    int tree, struct ioc_error *err);

/* --- dev.c, mask.c, net.c ------------------------------------------------ */

int	ioc_lx_mount_dev(int root, const char *target, bool gid_tty,
	    bool bare, struct ioc_error *err);
int	ioc_lx_mount_proc(struct lx_build *b, const char *target,
	    struct ioc_error *err);
int	ioc_lx_mount_sys(struct lx_build *b, const char *target,
	    struct ioc_error *err);
/* The host's node NAME, verified, read-only: a detached mount. */
int	ioc_lx_dev_node(const char *name, struct ioc_error *err);
int	ioc_lx_loopback_up(struct ioc_error *err);

/* --- caps.c, seccomp.c --------------------------------------------------- */

/* The capabilities that a jail keeps, with what its parameters add. */
int	ioc_lx_caps_mask(const struct ioc_os_param *p, size_t n, uint64_t *ret,
	    struct ioc_error *err);
int	ioc_lx_caps_bound(uint64_t mask, struct ioc_error *err);
/* Permitted and effective become mask; inheritable and ambient empty. */
int	ioc_lx_caps_set(uint64_t mask, struct ioc_error *err);
/* Installs the filter; needs CAP_SYS_ADMIN in its user namespace. */
int	ioc_lx_seccomp(struct ioc_error *err);

/* --- exec.c, become.c, plan.c -------------------------------------------- */

/*
 * A command in one block of memory, so that it can be handed to a process that
 * exists already; offsets are from its start.
 */
struct lx_plan {
	uint64_t size;
	uint32_t argc, envc;
	uint32_t argv, env;		/* char *[argc + 1], [envc + 9] */
	uint32_t user, dir;		/* strings; 0: none */
	uint32_t scratch, scratch_len;
	uint16_t rows, cols;
	bool	 login, tty;
};

int	ioc_lx_plan_make(const struct ioc_os_exec *e, struct lx_plan **ret,
	    struct ioc_error *err);
/* A descriptor of the same bytes. */
int	ioc_lx_plan_fd(const struct lx_plan *p, struct ioc_error *err);
int	ioc_lx_plan_map(int fd, struct lx_plan **ret, struct ioc_error *err);

struct lx_rights {
	uint64_t	 caps;
	struct lx_limits limits;
	bool		 confined;	/* bounding set and filter are there */
	int		 init;		/* ioc-init, or -1: see below */
};

/*
 * In the jail, as its root, in a fresh process: takes the user's place and
 * executes the command.  Returns only when it failed.  fds become 0-2 (without
 * tty), ctl carries the pty.
 *
 * A jail can make its own command out of /proc/self/exe.  That is the program
 * of the host which enters, and without a user namespace the jail's root may
 * write to it: there the sealed ioc-init executes the command, so that nothing
 * of the host is behind that name.
 */
int	ioc_lx_become(struct lx_plan *p, const struct lx_rights *r, int *ctl,
	    const int fds[3], struct ioc_error *err);
/* The caller's side: reads packets until the command runs or failed. */
int	ioc_lx_exec_wait(int ctl, bool want_ready, bool command,
	    struct ioc_os_process *ret, struct ioc_error *err);
/*
 * A failure in a jail that has ended meanwhile, or is about to, becomes STATE;
 * others stay as they are.
 */
int	ioc_lx_why(struct ioc_os_jail *j, int rc, struct ioc_error *err);
/* 0 when it runs, and j->pidfd is its init then; STATE otherwise. */
int	ioc_lx_running(struct ioc_os_jail *j, struct ioc_error *err);
/* The jail's /dev/null, verified. */
int	ioc_lx_open_null(struct ioc_error *err);
int	ioc_lx_exec_check(const struct ioc_os_exec *e, struct ioc_error *err);
/*
 * Its descriptors, for a jail without a user namespace, whose root could open
 * by /proc/self/fd what it was given to read, and write to it: such files come
 * read-only, with the same position.  fds are given, own are to be closed.
 */
int	ioc_lx_exec_fds(const struct ioc_os_exec *e, bool userns, int fds[3],
	    int own[3], struct ioc_error *err);

#endif /* OS_LINUX_LINUX_H */
