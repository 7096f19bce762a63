/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the user's terminal and a program in a jail. */
#ifndef CLI_TTY_H
#define CLI_TTY_H

#include <poll.h>

#include "ioc.h"

enum tty_want {
	TTY_AUTO,		/* a pty when 0-2 are all terminals */
	TTY_FORCE,
	TTY_NONE,
};

/*
 * No terminal of the host ever enters a jail: the program gets a pty of its
 * own, or, without one, the descriptors 0-2, each that is a terminal replaced
 * by a pipe.
 */
struct tty {
	bool		 pty;
	int		 ours[3];	/* our ends of the pipes, -1: none */
	int		 theirs[3];	/* the program's ends, -1: none */
};

/* Decides, and fills tty, rows, cols and fds of the options. */
int	tty_open(struct tty *t, enum tty_want want, struct ioc_exec_options *o,
	    struct ioc_error *err);

/*
 * Passes bytes, signals and window sizes until the program has ended and all
 * that it wrote is out; the terminal is as before then.
 */
int	tty_relay(struct tty *t, struct ioc_process *p, int *status,
	    struct ioc_error *err);
void	tty_close(struct tty *t);

/* relay.c: bytes from one descriptor to another. */
struct channel {
	int		 from;		/* -1: at its end */
	int		 to;
	size_t		 off, len;	/* what is still to be written */
	char		 last;		/* the last byte that was read */
	char		 buf[16384];
};

/* Events to poll for; descriptors of -1 are left out. */
void	channel_poll(const struct channel *ch, struct pollfd pfd[2]);
/* Moves what can be moved; -1 when the other side takes no more. */
int	channel_move(struct channel *ch, const struct pollfd pfd[2]);
/* Everything that can be read without waiting, written with waiting. */
void	channel_drain(struct channel *ch);

#endif /* CLI_TTY_H */
