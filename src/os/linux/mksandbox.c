/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs at build time: makes one BPF program a role of sandbox.def. */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/netlink.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

enum {
	F = 1 << 0,
	P = 1 << 1,
	X = 1 << 2,
	V = 1 << 3,
	ALL = F | P | X | V,
};

/* Flags of clone(2) that every thread has, and that none has. */
#define	CLONE_SAME	(CLONE_THREAD | CLONE_VM | CLONE_SIGHAND)
#define	CLONE_OTHER	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |	\
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP | \
	CLONE_PTRACE | CLONE_VFORK)

struct row {
	unsigned	 roles;
	const char	*call;
	uint32_t	 action;
	unsigned	 n;
	struct {
		unsigned	arg;
		uint64_t	mask;
		uint64_t	value;
	} cmp[2];
};

#define	ALLOW(r, c)		{ r, #c, SCMP_ACT_ALLOW, 0, { { 0 } } },
#define	KILL(r, c)		{ r, #c, SCMP_ACT_KILL_PROCESS, 0, { { 0 } } },
#define	WHEN(r, c, a, m, v)	{ r, #c, SCMP_ACT_ALLOW, 1, { { a, m, v } } },
#define	WHEN2(r, c, a, m, v, b, n, w)					\
	{ r, #c, SCMP_ACT_ALLOW, 2, { { a, m, v }, { b, n, w } } },

static const struct row rows[] = {
#include "sandbox.def"
};

static const struct {
	unsigned	 bit;
	const char	*name;
} roles[] = {
	{ F, "fetch" },
	{ P, "parse" },
	{ X, "extract" },
	{ V, "verify" },
};

static void
die(const char *what, int r)
{
	(void)fprintf(stderr, "mksandbox: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void
add_row(scmp_filter_ctx ctx, const struct row *row)
{
	struct scmp_arg_cmp cmp[2];
	int nr = seccomp_syscall_resolve_name(row->call);
	int r;

	/* A call that this libseccomp does not know is refused by default. */
	if (nr == __NR_SCMP_ERROR)
		return;
	for (unsigned i = 0; i < row->n; i++)
		cmp[i] = (struct scmp_arg_cmp){
			.arg = row->cmp[i].arg,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = row->cmp[i].mask,
			.datum_b = row->cmp[i].value,
		};
	r = seccomp_rule_add_array(ctx, row->action, nr, row->n, cmp);
	if (r != 0)
		die(row->call, r);
}

static void
print_program(const char *name, scmp_filter_ctx ctx)
{
	struct sock_filter ins;
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		die("memfd", -errno);
	r = seccomp_export_bpf(ctx, fd);
	if (r != 0 || lseek(fd, 0, SEEK_SET) != 0)
		die("export", r);
	(void)printf("static const struct sock_filter %s_filter[] = {\n", name);
	while (read(fd, &ins, sizeof(ins)) == (ssize_t)sizeof(ins))
		(void)printf("\t{ 0x%x, %u, %u, 0x%x },\n", ins.code, ins.jt,
		    ins.jf, ins.k);
	(void)printf("};\n");
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0;
	scmp_filter_ctx ctx;

	if (argc == 2 && arch == 0)
		die(argv[1], -EINVAL);
	(void)printf("/* Made from sandbox.def. */\n");
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
		if (ctx == NULL)
			die("init", -ENOMEM);
		if (arch != 0 && arch != seccomp_arch_native() &&
		    (seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) != 0 ||
		    seccomp_arch_add(ctx, arch) != 0))
			die("architecture", -EINVAL);
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
		    SCMP_ACT_KILL_PROCESS);
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
			if ((rows[k].roles & roles[i].bit) != 0)
				add_row(ctx, &rows[k]);
		print_program(roles[i].name, ctx);
		seccomp_release(ctx);
	}
	return (0);
}
