/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of names, hashed with a secret key. */
#include "worker/table.h"

#include <string.h>

#include "base/compat.h"

#define	NAMES_MAX	(UINT64_C(256) << 20)

/* SipHash-1-3 of a parent and a name. */
#define	ROTL(x, b)	((x) << (b) | (x) >> (64 - (b)))
#define	ROUND(v)							\
	do {								\
		(v)[0] += (v)[1]; (v)[1] = ROTL((v)[1], 13);		\
		(v)[1] ^= (v)[0]; (v)[0] = ROTL((v)[0], 32);		\
		(v)[2] += (v)[3]; (v)[3] = ROTL((v)[3], 16);		\
		(v)[3] ^= (v)[2];					\
		(v)[0] += (v)[3]; (v)[3] = ROTL((v)[3], 21);		\
		(v)[3] ^= (v)[0];					\
		(v)[2] += (v)[1]; (v)[1] = ROTL((v)[1], 17);		\
		(v)[1] ^= (v)[2]; (v)[2] = ROTL((v)[2], 32);		\
	} while (0)

static void
absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	ROUND(v);
	v[0] ^= word;
}

static uint64_t
hash(const uint64_t key[2], uint32_t parent, const char *name, size_t len)
{
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word;

	absorb(v, (uint64_t)len << 32 | parent);
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, name, sizeof(word));
		absorb(v, word);
		name += sizeof(word);
	}
	word = 0;
	memcpy(&word, name, len);
	absorb(v, word);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		ROUND(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]);
}

int
ioc_table_init(struct ioc_table *t, struct ioc_error *err)
{
	memset(t, 0, sizeof(*t));
	ioc_random(t->key, sizeof(t->key));
	t->nbuckets = 1024;
	t->cap = 256;
	t->bucket = calloc(t->nbuckets, sizeof(*t->bucket));
	t->node = calloc(t->cap, sizeof(*t->node));
	if (t->bucket == NULL || t->node == NULL) {
		ioc_table_fini(t);
		return (ioc_fail_nomem(err));
	}
	t->n = 1;
	t->node[0].kind = IOC_MEMBER_DIR;
	t->node[0].made = true;
	return (0);
}

void
ioc_table_fini(struct ioc_table *t)
{
	free(t->bucket);
	free(t->node);
	free(t->names);
	memset(t, 0, sizeof(*t));
}

static uint32_t
slot(const struct ioc_table *t, uint32_t parent, const char *name, size_t len)
{
	return ((uint32_t)hash(t->key, parent, name, len) & (t->nbuckets - 1));
}

uint32_t
ioc_table_find(const struct ioc_table *t, uint32_t parent, const char *name,
    size_t len)
{
	uint32_t n = t->bucket[slot(t, parent, name, len)];

	for (; n != 0; n = t->node[n].next) {
		const char *s = t->names + t->node[n].name;

		if (t->node[n].parent == parent && strncmp(s, name, len) == 0 &&
		    s[len] == '\0')
			return (n);
	}
	return (0);
}

static int
grow(struct ioc_table *t, size_t len, struct ioc_error *err)
{
	if (t->names_len + len + 1 > NAMES_MAX)
		return (ioc_fail(err, IOC_LIMIT, "names of more than %u MiB",
		    (unsigned)(NAMES_MAX >> 20)));
	if (t->names_len + len + 1 > t->names_cap) {
		uint64_t cap = t->names_cap == 0 ? 65536 : t->names_cap * 2;
		char *names = realloc(t->names, cap);

		if (names == NULL)
			return (ioc_fail_nomem(err));
		t->names = names;
		t->names_cap = cap;
	}
	if (t->n == t->cap) {
		struct ioc_node *node = reallocarray(t->node,
		    (size_t)t->cap * 2, sizeof(*node));

		if (node == NULL)
			return (ioc_fail_nomem(err));
		t->node = node;
		t->cap *= 2;
	}
	return (0);
}

/* Chains stay short: twice the buckets when there are as many nodes. */
static int
rehash(struct ioc_table *t, struct ioc_error *err)
{
	uint32_t *bucket;

	if (t->n < t->nbuckets)
		return (0);
	bucket = calloc((size_t)t->nbuckets * 2, sizeof(*bucket));
	if (bucket == NULL)
		return (ioc_fail_nomem(err));
	free(t->bucket);
	t->bucket = bucket;
	t->nbuckets *= 2;
	for (uint32_t n = 1; n < t->n; n++) {
		const char *s = t->names + t->node[n].name;
		uint32_t at = slot(t, t->node[n].parent, s, strlen(s));

		t->node[n].next = bucket[at];
		bucket[at] = n;
	}
	return (0);
}

int
ioc_table_add(struct ioc_table *t, uint32_t parent, const char *name,
    size_t len, uint32_t *ret, struct ioc_error *err)
{
	int r = grow(t, len, err);
	uint32_t at, n;

	if (r == 0)
		r = rehash(t, err);
	if (r != 0)
		return (r);
	n = t->n++;
	at = slot(t, parent, name, len);
	t->node[n] = (struct ioc_node){
		.parent = parent,
		.next = t->bucket[at],
		.name = t->names_len,
	};
	t->bucket[at] = n;
	memcpy(t->names + t->names_len, name, len);
	t->names[t->names_len + len] = '\0';
	t->names_len += len + 1;
	*ret = n;
	return (0);
}
