/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share.
 *
 * A jail is addressed by its name, and what the name stands for is compared
 * with what was recorded when it was created: its jid, the path of its root
 * and, by each process that enters it, the root itself.
 *
 * Children that enter a jail are made by pdfork(2), of a process that may have
 * threads: between it and exec they make system calls only, and use what was
 * allocated before.
 */
#ifndef OS_FREEBSD_FREEBSD_H
#define OS_FREEBSD_FREEBSD_H

#include <sys/param.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <signal.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/compat.h"
#include "base/error.h"
#include "base/str.h"
#include "os/freebsd/release.h"
#include "os/os.h"
#include "os/record.h"

#define	FB_NAME_MAX	IOC_RECORD_NAME

struct ioc_os {
	int	 run_fd;		/* own copy, or -1 */
	char	 run_id[40];		/* tells run directories apart */
	struct ioc_os_facts facts;
};

/* --- jail.c: its record in the run directory ------------------------------- */

struct fb_record {
	char	 name[FB_NAME_MAX + 1];
	char	 boot[64];
	int32_t	 jid;			/* 0: never created */
	uint64_t time;			/* seconds since the epoch */
	uint64_t dev;			/* its root, as seen from inside */
	uint64_t ino;
	bool	 ephemeral;
	uint32_t ruleset;		/* of devfs, its own; 0: none */
	char	 path[MNAMELEN];	/* of its root; "": never mounted */
};

extern const struct ioc_record_kind ioc_fb_records;

/* --- param.c: jail_set(2) and jail_get(2) --------------------------------- */

#define	FB_PARAMS	64

struct fb_params {
	struct iovec	 v[2 * FB_PARAMS];
	unsigned	 n;		/* of v */
	void		*owned[2 * FB_PARAMS];
	unsigned	 nowned;
	char		 errmsg[256];
};

void	ioc_fb_params_init(struct fb_params *p);
void	ioc_fb_params_fini(struct fb_params *p);
/* A parameter as bytes; both must outlive it. */
void	ioc_fb_param_raw(struct fb_params *p, const char *name, void *value,
	    size_t len);
void	ioc_fb_param_text(struct fb_params *p, const char *name,
	    const char *value);
/*
 * A parameter of security.jail.param by its name, its value as text: a number,
 * yes or no, disable, new or inherit, a list of addresses.
 */
int	ioc_fb_param_add(struct fb_params *p, const char *name,
	    const char *value, struct ioc_error *err);
/* The jid, or an error with the kernel's sentence. */
int	ioc_fb_params_set(struct fb_params *p, int flags,
	    struct ioc_error *err);

/* --- desc.c ------------------------------------------------------------------ */

struct fb_found {
	int	jid;			/* 0: there is no such jail */
	int	desc;			/* of that jail, where kernels have it */
	char	path[MAXPATHLEN];
};

/* What runs under that name, one that is dying does not; ended by _fini. */
int	ioc_fb_find(const struct ioc_os *os, const char *name,
	    struct fb_found *ret, struct ioc_error *err);
void	ioc_fb_found_fini(struct fb_found *f);
#define	auto_found	IOC_AUTO(ioc_fb_found_fini)
/* jail_attach(2) and jail_remove(2) of that very jail. */
int	ioc_fb_found_attach(const struct fb_found *f);
int	ioc_fb_found_remove(const struct fb_found *f);

/* --- jail.c ---------------------------------------------------------------- */

struct ioc_os_jail {
	struct ioc_os	*os;
	struct fb_record r;
	char		*hostname;
	char		*domainname;
	char		*hostuuid;
	struct ioc_os_param *params;
	size_t		 nparams;
	bool		 vnet;
	bool		 prepared;	/* by this handle, not created yet */
	bool		 limited;
	int		 life;		/* its keeper ends it when this ends */
};

/* When it runs and is the one that was recorded; STATE otherwise. */
int	ioc_fb_running(struct ioc_os_jail *j, struct fb_found *ret,
	    struct ioc_error *err);
/*
 * The same for anything with its name and path, also half-made: its jid, 0 when
 * there is none.
 */
int	ioc_fb_present(const struct ioc_os *os, const struct fb_record *r,
	    struct fb_found *ret);

/* --- create.c ---------------------------------------------------------------- */

/* Starts the process that ends an ephemeral jail with its maker. */
int	ioc_fb_keep(struct ioc_os_jail *j, struct ioc_error *err);

/* --- child.c ----------------------------------------------------------------- */

/* Blocks every signal and gives the mask from before. */
void	ioc_fb_block_signals(sigset_t *old);
/* A child with a descriptor; it is not found by wait(2), and stays when that
   is closed. */
pid_t	ioc_fb_fork(int *pidfd);
/* Waits, at most timeout_ms (-1: for ever): 1 and *status, 0: not yet, -1. */
int	ioc_fb_wait(int pidfd, int timeout_ms, int *status);
/*
 * Runs fn in a fork of its own working directory, from which its error comes
 * back.  It may allocate.
 */
int	ioc_fb_in_child(int (*fn)(void *arg, struct ioc_error *err), void *arg,
	    struct ioc_error *err);
/* Nobody may trace the calling process before it executes a program. */
int	ioc_fb_untraceable(struct ioc_error *err);
/*
 * Enters the jail, with nothing of the host but its descriptors, and makes sure
 * that it is the one of the record.
 */
int	ioc_fb_attach(const struct fb_record *r, struct fb_found *f,
	    struct ioc_error *err);
/* Runs fn in a child in the jail; system calls only. */
int	ioc_fb_in_jail(const struct fb_record *r, const struct fb_found *f,
	    int (*fn)(struct ioc_error *err), struct ioc_error *err);
/*
 * Descriptors 0-2 as given, FB_CTL, the jail's own as the next; everything else
 * is closed, and so is what is -1.  -1 with errno.
 */
#define	FB_CTL		3
int	ioc_fb_set_fds(const int fds[3], int ctl, struct fb_found *f);

/* --- become.c ---------------------------------------------------------------- */

struct fb_plan;

int	ioc_fb_plan_make(const struct ioc_os_exec *e, struct fb_plan **ret,
	    struct ioc_error *err);
void	ioc_fb_plan_free(struct fb_plan *p);
/*
 * In the jail, as its root, in a fresh process whose descriptors are 0-2 (or
 * closed where fds says -1) and ctl: takes the user's place and executes the
 * command.  Returns only when it failed.
 */
int	ioc_fb_become(struct fb_plan *p, int ctl, const int fds[3],
	    struct ioc_error *err);

struct fb_msg {
	int32_t	kind;			/* enum fb_kind */
	int32_t	code;
	int32_t	sys;
	char	text[1024];
};

enum fb_kind {
	FB_ERROR = 1,			/* code, sys, text */
	FB_PTY,				/* with a descriptor */
};

/* 0 or -1 with errno. */
int	ioc_fb_msg_send(int ctl, enum fb_kind kind, const struct ioc_error *e,
	    int fd);
/* 1: a message, 0: the other side is gone, -1. */
int	ioc_fb_msg_recv(int ctl, struct fb_msg *m, int *fd);

/* --- mount.c ----------------------------------------------------------------- */

/* The path of an open directory. */
int	ioc_fb_path_of(int fd, char ret[MNAMELEN], struct ioc_error *err);
/* Mounts beneath root; changes the working directory. */
int	ioc_fb_mount_one(int root, const struct ioc_os_mount *m,
	    uint32_t ruleset, struct ioc_error *err);
int	ioc_fb_mount_null(int root, const char *target, int source,
	    unsigned flags, struct ioc_error *err);
/* Unmounts everything at and beneath a path, the last first. */
int	ioc_fb_unmount_all(const char *path, struct ioc_error *err);
int	ioc_fb_unmount_fsid(const fsid_t *id, const char *what, bool force,
	    struct ioc_error *err);

/* --- devfs.c, limit.c, net.c, module.c -------------------------------------- */

/*
 * A ruleset of its own with the minimal set of devices.  It carries the jail's
 * name, so that nobody else's is ever removed.
 */
int	ioc_fb_devfs_make(const struct ioc_os *os, const char *name, bool bare,
	    uint32_t *ret, struct ioc_error *err);
/* All that carry it: a start may have died before it wrote down the number. */
int	ioc_fb_devfs_remove(const struct ioc_os *os, const char *name,
	    struct ioc_error *err);
/* INVALID when a ruleset is empty: it would hide nothing. */
int	ioc_fb_devfs_check(uint32_t ruleset, struct ioc_error *err);

int	ioc_fb_limit_can(struct ioc_error *err);
int	ioc_fb_limit_remove(const char *name, struct ioc_error *err);

/* In a jail with a network of its own: loopback. */
int	ioc_fb_loopback_up(struct ioc_error *err);

/* Loads what a file system, or a parameter, needs; UNSUPPORTED names it. */
int	ioc_fb_module_need(const char *fs, const char *module,
	    struct ioc_error *err);
/* True when it is there or could be loaded; loads nothing. */
bool	ioc_fb_module_has(const char *fs, const char *module);

#endif /* OS_FREEBSD_FREEBSD_H */
