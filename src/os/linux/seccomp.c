/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system call filter of a jail, put together from seccomp.def.  Numbers
 * of neighbours mostly share a fate, so the table becomes a binary tree over
 * some dozens of ranges: making it takes microseconds, and no other library.
 */
#include "os/linux/linux.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#if defined(__x86_64__)
#define	ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define	ARCH	AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define	ARCH	AUDIT_ARCH_RISCV64
#else
#error "name the audit architecture of this processor"
#endif

/* Newer than the headers may be; the same on every processor. */
enum {
#ifndef __NR_cachestat
	__NR_cachestat = 451,
#endif
#ifndef __NR_fchmodat2
	__NR_fchmodat2 = 452,
#endif
#ifndef __NR_futex_wake
	__NR_futex_wake = 454,
	__NR_futex_wait = 455,
	__NR_futex_requeue = 456,
#endif
#ifndef __NR_mseal
	__NR_mseal = 462,
#endif
#ifndef __NR_setxattrat
	__NR_setxattrat = 463,
	__NR_getxattrat = 464,
	__NR_listxattrat = 465,
	__NR_removexattrat = 466,
#endif
#ifndef __NR_open_tree_attr
	__NR_open_tree_attr = 467,
#endif
	NUMBERS = 512
};

enum action {
	ENOSYS_IT,
	ALLOW_IT,
	DENY_IT,
	CHECK_NAMESPACES,
	CHECK_IOCTL,
	CHECK_SOCKET,
	CHECK_PERSONALITY,
};

static const unsigned char actions[NUMBERS] = {
#define	ALLOW(name)			[__NR_##name] = ALLOW_IT,
#define	DENY(name, reason)		[__NR_##name] = DENY_IT,
#define	CHECK(name, check, reason)	[__NR_##name] = (check),
#include "os/linux/seccomp.def"
#undef ALLOW
#undef DENY
#undef CHECK
};

#define	NEW_NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |	\
	    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
/* In clone(2) the low byte is a signal, so only unshare(2) can mean this. */
#define	NEW_TIME	0x80

#define	MAX_INSNS	1024

struct program {
	struct sock_filter insn[MAX_INSNS];
	unsigned n;
};

static void
emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n < MAX_INSNS)
		p->insn[p->n] = (struct sock_filter)BPF_JUMP(code, k, jt, jf);
	p->n++;
}

static void
emit_return(struct program *p, uint32_t value)
{
	emit(p, BPF_RET | BPF_K, value, 0, 0);
}

/* Arguments are compared as the 32 bits that the kernel looks at. */
static void
emit_arg(struct program *p, int i)
{
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) +
	    8 * (uint32_t)i;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	at += 4;
#endif
	emit(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

/* One of these values in the loaded argument: `match`, else `other`. */
static void
emit_one_of(struct program *p, const uint32_t *v, size_t n, uint32_t match,
    uint32_t other)
{
	for (size_t i = 0; i < n; i++) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, v[i], 0, 1);
		emit_return(p, match);
	}
	emit_return(p, other);
}

#define	COUNT(a)	(sizeof(a) / sizeof(*(a)))
#define	ERRNO(e)	(SECCOMP_RET_ERRNO | (e))

static void
emit_action(struct program *p, unsigned nr, enum action a)
{
	static const uint32_t ioctls[] = { TIOCSTI, TIOCLINUX, TIOCSETD };
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK, AF_PACKET };
	static const uint32_t persons[] = { 0, 8, 0x20000, 0x20008,
		0xffffffff };

	switch (a) {
	case ENOSYS_IT:
		emit_return(p, ERRNO(ENOSYS));
		break;
	case ALLOW_IT:
		emit_return(p, SECCOMP_RET_ALLOW);
		break;
	case DENY_IT:
		emit_return(p, ERRNO(EPERM));
		break;
	case CHECK_NAMESPACES:
		emit_arg(p, 0);
		emit(p, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES |
		    (nr == __NR_unshare ? NEW_TIME : 0), 0, 1);
		emit_return(p, ERRNO(EPERM));
		emit_return(p, SECCOMP_RET_ALLOW);
		break;
	case CHECK_IOCTL:
		emit_arg(p, 1);
		emit_one_of(p, ioctls, COUNT(ioctls), ERRNO(EPERM),
		    SECCOMP_RET_ALLOW);
		break;
	case CHECK_SOCKET:
		emit_arg(p, 0);
		emit_one_of(p, families, COUNT(families), SECCOMP_RET_ALLOW,
		    ERRNO(EAFNOSUPPORT));
		break;
	case CHECK_PERSONALITY:
		emit_arg(p, 0);
		emit_one_of(p, persons, COUNT(persons), SECCOMP_RET_ALLOW,
		    ERRNO(EPERM));
		break;
	}
}

struct range {
	unsigned    first;
	enum action action;
};

static unsigned
ranges(struct range *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NUMBERS; i++)
		if (i == 0 || actions[i] != actions[i - 1] ||
		    actions[i] >= CHECK_NAMESPACES)
			r[n++] = (struct range){ i, actions[i] };
	r[n++] = (struct range){ NUMBERS, ENOSYS_IT };
	return (n);
}

/* The number is loaded; decides among the ranges [from, to). */
static void
emit_tree(struct program *p, const struct range *r, unsigned from,
    unsigned to)
{
	unsigned mid = from + (to - from) / 2, jump;

	if (to - from == 1) {
		emit_action(p, r[from].first, r[from].action);
		return;
	}
	/* A conditional jump reaches 255 instructions: go by a long one. */
	emit(p, BPF_JMP | BPF_JGE | BPF_K, r[mid].first, 0, 1);
	jump = p->n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_tree(p, r, from, mid);
	if (jump < MAX_INSNS)
		p->insn[jump].k = p->n - jump - 1;
	emit_tree(p, r, mid, to);
}

int
ioc_lx_seccomp(struct ioc_error *err)
{
	struct program p = { .n = 0 };
	struct range r[NUMBERS + 1];
	struct sock_fprog prog;
	unsigned n = ranges(r);

	/* Another ABI has other numbers: i386 on x86-64, arm on arm64. */
	emit(&p, BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, arch), 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	emit_return(&p, SECCOMP_RET_KILL_PROCESS);
	/* x32 has the same one, and a bit in the number: out of all ranges. */
	emit(&p, BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, nr), 0, 0);
	emit_tree(&p, r, 0, n);
	if (p.n > MAX_INSNS)
		return (ioc_fail(err, IOC_LIMIT, "seccomp: filter too long"));
	prog = (struct sock_fprog){ (unsigned short)p.n, p.insn };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		return (ioc_fail_errno(err, "seccomp: install the filter"));
	return (0);
}
