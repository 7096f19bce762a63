/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program without a C library, for ioc-init: a copy of it is made for each
 * jail, and it stays in memory as long as the jail runs.  Included once.
 */
#ifndef OS_LINUX_BARE_H
#define OS_LINUX_BARE_H

#include <asm/unistd.h>

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

__asm__(
    ".globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %rsp, %rdi\n"
    "	and $-16, %rsp\n"
    "	call bare_start\n");

static inline long
bare_call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b),
	    "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return (ret);
}

#elif defined(__aarch64__)

__asm__(
    ".globl _start\n"
    "_start:\n"
    "	mov x29, #0\n"
    "	mov x30, #0\n"
    "	mov x0, sp\n"
    "	and x1, x0, #-16\n"
    "	mov sp, x1\n"
    "	bl bare_start\n");

static inline long
bare_call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2),
	    "r"(x3), "r"(x4) : "memory");
	return (x0);
}

#elif defined(__riscv) && __riscv_xlen == 64

__asm__(
    ".globl _start\n"
    "_start:\n"
    "	mv a0, sp\n"
    "	andi sp, sp, -16\n"
    "	call bare_start\n");

static inline long
bare_call(long nr, long a, long b, long c, long d, long e)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2),
	    "r"(a3), "r"(a4) : "memory");
	return (a0);
}

#else
#error "say how this processor calls the kernel"
#endif

/* The compiler may call these for the assignment of a structure. */
void	*memset(void *p, int c, size_t n);
void	*memcpy(void *to, const void *from, size_t n);

__attribute__((used)) void *
memset(void *p, int c, size_t n)
{
	volatile unsigned char *q = p;

	while (n-- > 0)
		*q++ = (unsigned char)c;
	return (p);
}

__attribute__((used)) void *
memcpy(void *to, const void *from, size_t n)
{
	volatile unsigned char *q = to;
	const unsigned char *f = from;

	while (n-- > 0)
		*q++ = *f++;
	return (to);
}

static int bare_main(int argc, char **argv);
void	bare_start(long *sp);

/* The stack holds argc, then argv. */
__attribute__((used)) void
bare_start(long *sp)
{
	int status = bare_main((int)sp[0], (char **)(void *)(sp + 1));

	for (;;)
		(void)bare_call(__NR_exit_group, status, 0, 0, 0, 0);
}

#endif /* OS_LINUX_BARE_H */
