/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/pipe.h"

#include <pthread.h>
#include <string.h>

#include "base/str.h"

#define	RING	((size_t)4 << 20)
#define	PIECE	((size_t)128 << 10)	/* of content in one item */
#define	WAKE	((size_t)256 << 10)	/* no sleeper is woken for less */
#define	ALIGN	((size_t)16)

enum kind {
	SKIP,		/* the rest of the ring, too short for an item */
	MAKE,
	DATA,
	CLOSE,
};

/* Stands in the ring, a multiple of ALIGN before the next one. */
struct item {
	uint32_t	 kind;
	uint32_t	 len;		/* of what follows */
	uint64_t	 offset;
};

struct ioc_pipe {
	struct ioc_writer *writer;
	struct ioc_table *table;
	struct ioc_sha256 *hash;
	uint64_t	 hashed;	/* what of the file */
	char		*ring;
	pthread_t	 thread;
	bool		 running;
	size_t		 at;		/* the producer's own: bytes put */
	/* Guarded by the lock: */
	pthread_mutex_t	 lock;
	pthread_cond_t	 more;
	pthread_cond_t	 room;
	size_t		 put;		/* bytes, ever */
	size_t		 taken;
	bool		 end;		/* nothing more comes */
	bool		 drop;		/* and nothing of it counts */
	int		 failed;	/* of the writer */
	struct ioc_error err;
};

static size_t
size_of(size_t len)
{
	return (sizeof(struct item) + (len + ALIGN - 1) / ALIGN * ALIGN);
}

/* --- the writer's thread ---------------------------------------------------- */

static int
work(struct ioc_pipe *p, const struct item *it, struct ioc_error *err)
{
	const void *body = it + 1;
	struct ioc_member m;

	if (it->kind == DATA)
		return (ioc_writer_data(p->writer, body, it->len, it->offset,
		    err));
	memcpy(&m, body, sizeof(m));
	return (it->kind == MAKE ? ioc_writer_make(p->writer, &m, err) :
	    ioc_writer_close(p->writer, &m, err));
}

/* Bytes that can be worked on, 0 at the end. */
static size_t
wait_more(struct ioc_pipe *p, size_t done)
{
	size_t n;

	(void)pthread_mutex_lock(&p->lock);
	p->taken += done;
	if (RING - (p->put - p->taken) >= WAKE)
		(void)pthread_cond_signal(&p->room);
	while (p->put - p->taken < WAKE && !p->end)
		(void)pthread_cond_wait(&p->more, &p->lock);
	n = p->drop ? 0 : p->put - p->taken;
	(void)pthread_mutex_unlock(&p->lock);
	return (n);
}

static void
give_up(struct ioc_pipe *p, int r, const struct ioc_error *err)
{
	(void)pthread_mutex_lock(&p->lock);
	p->failed = r;
	p->err = *err;
	(void)pthread_cond_signal(&p->room);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *
run(void *arg)
{
	struct ioc_pipe *p = arg;
	struct ioc_error err = { 0 };
	size_t at = 0, n, done = 0;
	int r = 0;

	while ((n = wait_more(p, done)) > 0) {
		/* No more than a part, so that the other side is let in. */
		for (done = 0; done < n && done < WAKE;) {
			const struct item *it = (const struct item *)(void *)
			    (p->ring + at % RING);
			size_t size = it->kind == SKIP ? RING - at % RING :
			    size_of(it->len);

			if (it->kind != SKIP)
				r = work(p, it, &err);
			if (r != 0) {
				give_up(p, r, &err);
				return (NULL);
			}
			at += size;
			done += size;
		}
	}
	return (NULL);
}

/* --- the judge's side --------------------------------------------------------- */

/* Waits for room and hands over what was put; the writer's error. */
static int
make_room(struct ioc_pipe *p, size_t size, struct ioc_error *err)
{
	int r;

	(void)pthread_mutex_lock(&p->lock);
	p->put = p->at;
	if (p->put - p->taken >= WAKE)
		(void)pthread_cond_signal(&p->more);
	while (RING - (p->put - p->taken) < size && p->failed == 0)
		(void)pthread_cond_wait(&p->room, &p->lock);
	r = p->failed;
	if (r != 0)
		ioc_error_copy(err, &p->err);
	(void)pthread_mutex_unlock(&p->lock);
	return (r);
}

static int
put(struct ioc_pipe *p, enum kind kind, const void *body, size_t len,
    uint64_t offset, struct ioc_error *err)
{
	size_t size = size_of(len), left = RING - p->at % RING;
	struct item it = { kind, (uint32_t)len, offset };
	struct item skip = { .kind = SKIP };
	int r;

	r = make_room(p, left < size ? left + size : size, err);
	if (r != 0)
		return (r);
	if (left < size) {
		/* An item's head always fits: all is a multiple of it. */
		memcpy(p->ring + p->at % RING, &skip, sizeof(skip));
		p->at += left;
	}
	memcpy(p->ring + p->at % RING, &it, sizeof(it));
	memcpy(p->ring + p->at % RING + sizeof(it), body, len);
	p->at += size;
	return (0);
}

int
ioc_pipe_make(struct ioc_pipe *p, const struct ioc_member *m,
    struct ioc_error *err)
{
	int r = 0;

	p->hashed = 0;
	if (m->kind == IOC_MEMBER_FILE)
		r = ioc_sha256_reset(p->hash, err);
	return (r == 0 ? put(p, MAKE, m, sizeof(*m), 0, err) : r);
}

/* A hole reads as zeros, so it is hashed as such. */
static int
hash_hole(struct ioc_pipe *p, uint64_t to, struct ioc_error *err)
{
	static const char zero[64 * 1024];
	int r = 0;

	while (r == 0 && p->hashed < to) {
		size_t n = to - p->hashed < sizeof(zero) ?
		    (size_t)(to - p->hashed) : sizeof(zero);

		r = ioc_sha256_add(p->hash, zero, n, err);
		p->hashed += n;
	}
	return (r);
}

int
ioc_pipe_data(struct ioc_pipe *p, const void *data, size_t len,
    uint64_t offset, struct ioc_error *err)
{
	const char *s = data;
	int r = hash_hole(p, offset, err);

	p->hashed = offset + len;
	while (r == 0 && len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		r = ioc_sha256_add(p->hash, s, n, err);
		if (r == 0)
			r = put(p, DATA, s, n, offset, err);
		s += n;
		offset += n;
		len -= n;
	}
	return (r);
}

int
ioc_pipe_close(struct ioc_pipe *p, const struct ioc_member *m,
    struct ioc_error *err)
{
	int r = hash_hole(p, m->size, err);

	if (r == 0)
		r = ioc_sha256_raw(p->hash,
		    ioc_table_digest(p->table, m->digest), err);
	return (r == 0 ? put(p, CLOSE, m, sizeof(*m), 0, err) : r);
}

static int
end(struct ioc_pipe *p, bool drop, struct ioc_error *err)
{
	if (p->running) {
		(void)pthread_mutex_lock(&p->lock);
		p->put = p->at;
		p->end = true;
		p->drop = drop;
		(void)pthread_cond_signal(&p->more);
		(void)pthread_mutex_unlock(&p->lock);
		(void)pthread_join(p->thread, NULL);
		p->running = false;
	}
	if (p->failed != 0)
		ioc_error_copy(err, &p->err);
	return (p->failed);
}

int
ioc_pipe_finish(struct ioc_pipe *p, struct ioc_error *err)
{
	return (end(p, false, err));
}

int
ioc_pipe_new(struct ioc_writer *w, struct ioc_table *table,
    struct ioc_sha256 *hash, struct ioc_pipe **ret, struct ioc_error *err)
{
	struct ioc_pipe *p = calloc(1, sizeof(*p));
	int sys;

	if (p == NULL)
		return (ioc_fail_nomem(err));
	p->writer = w;
	p->table = table;
	p->hash = hash;
	p->ring = aligned_alloc(ALIGN, RING);
	if (p->ring == NULL) {
		free(p);
		return (ioc_fail_nomem(err));
	}
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->more, NULL);
	(void)pthread_cond_init(&p->room, NULL);
	sys = pthread_create(&p->thread, NULL, run, p);
	p->running = sys == 0;
	if (sys != 0) {
		ioc_pipe_free(p);
		return (ioc_fail_sys(err, sys, "thread of the writer"));
	}
	*ret = p;
	return (0);
}

void
ioc_pipe_free(struct ioc_pipe *p)
{
	if (p == NULL)
		return;
	(void)end(p, true, NULL);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->more);
	(void)pthread_cond_destroy(&p->room);
	free(p->ring);
	free(p);
}
