/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of names, hashed with a secret key. */
#include "worker/table.h"

#include <stdio.h>
#include <string.h>

#include "base/compat.h"

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
ioc_table_new(struct ioc_table **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_table_freep) struct ioc_table *t = calloc(1, sizeof(*t));
	uint32_t root, empty;
	int r;

	if (t == NULL)
		return (ioc_fail_nomem(err));
	ioc_random(t->key, sizeof(t->key));
	t->nbuckets = 1024;
	t->bucket = calloc(t->nbuckets, sizeof(*t->bucket));
	if (t->bucket == NULL)
		return (ioc_fail_nomem(err));
	t->memory = sizeof(*t) + t->nbuckets * sizeof(*t->bucket);
	/* Text 0 is the empty one. */
	r = ioc_table_add_text(t, "", 0, &empty, err);
	if (r == 0)
		r = ioc_table_add(t, 0, ".", 1, &root, err);
	if (r != 0)
		return (r);
	/* It is in no chain. */
	memset(t->bucket, 0, t->nbuckets * sizeof(*t->bucket));
	t->node[0][0].kind = IOC_MEMBER_DIR;
	t->node[0][0].mode = 0755;
	t->node[0][0].made = true;
	*ret = take_ptr(t);
	return (0);
}

void
ioc_table_free(struct ioc_table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < IOC_TABLE_CHUNKS; i++) {
		free(t->node[i]);
		free(t->text[i]);
		free(t->digest[i]);
	}
	free(t->bucket);
	free(t);
}

struct ioc_node *
ioc_table_node(const struct ioc_table *t, uint32_t n)
{
	return (&t->node[n / IOC_TABLE_NODES][n % IOC_TABLE_NODES]);
}

const char *
ioc_table_text(const struct ioc_table *t, uint32_t text)
{
	return (&t->text[text / IOC_TABLE_BYTES][text % IOC_TABLE_BYTES]);
}

const char *
ioc_table_name(const struct ioc_table *t, uint32_t n)
{
	return (ioc_table_text(t, ioc_table_node(t, n)->name));
}

uint8_t *
ioc_table_digest(const struct ioc_table *t, uint32_t digest)
{
	return (t->digest[digest / IOC_TABLE_NODES][digest % IOC_TABLE_NODES]);
}

const char *
ioc_table_path(const struct ioc_table *t, uint32_t n, char *out, size_t outlen)
{
	size_t len = 0, at;

	for (uint32_t i = n; i != 0; i = ioc_table_node(t, i)->parent)
		len += strlen(ioc_table_name(t, i)) + 1;
	if (len == 0) {
		(void)snprintf(out, outlen, ".");
		return (out);
	}
	/* From its end; what lies behind the buffer is left out. */
	for (at = len; n != 0; n = ioc_table_node(t, n)->parent) {
		const char *name = ioc_table_name(t, n);
		size_t size = strlen(name);

		at -= size + 1;
		for (size_t i = 0; i <= size && at + i < outlen; i++)
			out[at + i] = i < size ? name[i] : '/';
	}
	out[len <= outlen ? len - 1 : outlen - 1] = '\0';
	return (out);
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

	for (; n != 0; n = ioc_table_node(t, n)->next) {
		const char *s = ioc_table_name(t, n);

		if (ioc_table_node(t, n)->parent == parent &&
		    strncmp(s, name, len) == 0 && s[len] == '\0')
			return (n);
	}
	return (0);
}

static int
account(struct ioc_table *t, uint64_t bytes, struct ioc_error *err)
{
	if (bytes > IOC_TABLE_MEMORY - t->memory)
		return (ioc_fail(err, IOC_LIMIT, "names and digests of more "
		    "than %u MiB", (unsigned)(IOC_TABLE_MEMORY >> 20)));
	t->memory += bytes;
	return (0);
}

/* The chunk that the n-th element lies in, made when it is the first there. */
static int
chunk(struct ioc_table *t, void **chunks, uint32_t n, uint32_t per,
    size_t size, struct ioc_error *err)
{
	void **c = &chunks[n / per];
	int r;

	if (n / per >= IOC_TABLE_CHUNKS)
		return (ioc_fail(err, IOC_LIMIT, "too many names"));
	if (*c != NULL)
		return (0);
	r = account(t, per * size, err);
	if (r != 0)
		return (r);
	*c = calloc(per, size);
	return (*c != NULL ? 0 : ioc_fail_nomem(err));
}

/* Chains stay short: twice the buckets when there are as many nodes. */
static int
rehash(struct ioc_table *t, struct ioc_error *err)
{
	uint32_t *bucket;
	int r;

	if (t->n < t->nbuckets)
		return (0);
	r = account(t, t->nbuckets * sizeof(*bucket), err);
	if (r != 0)
		return (r);
	bucket = calloc((size_t)t->nbuckets * 2, sizeof(*bucket));
	if (bucket == NULL)
		return (ioc_fail_nomem(err));
	free(t->bucket);
	t->bucket = bucket;
	t->nbuckets *= 2;
	for (uint32_t n = 1; n < t->n; n++) {
		struct ioc_node *node = ioc_table_node(t, n);
		const char *s = ioc_table_name(t, n);
		uint32_t at = slot(t, node->parent, s, strlen(s));

		node->next = bucket[at];
		bucket[at] = n;
	}
	return (0);
}

int
ioc_table_add_text(struct ioc_table *t, const char *text, size_t len,
    uint32_t *ret, struct ioc_error *err)
{
	uint32_t at = t->ntext, left = IOC_TABLE_BYTES - at % IOC_TABLE_BYTES;
	int r;

	if (len + 1 > IOC_TABLE_BYTES)
		return (ioc_fail(err, IOC_LIMIT, "a text too long"));
	if (len + 1 > left)
		at += left;
	r = chunk(t, (void **)t->text, at, IOC_TABLE_BYTES, 1, err);
	if (r != 0)
		return (r);
	memcpy(&t->text[at / IOC_TABLE_BYTES][at % IOC_TABLE_BYTES], text,
	    len);
	t->ntext = at + (uint32_t)len + 1;
	*ret = at;
	return (0);
}

int
ioc_table_add_digest(struct ioc_table *t, uint32_t *ret, struct ioc_error *err)
{
	int r = chunk(t, (void **)t->digest, t->ndigests, IOC_TABLE_NODES,
	    IOC_DIGEST, err);

	if (r == 0)
		*ret = t->ndigests++;
	return (r);
}

int
ioc_table_add(struct ioc_table *t, uint32_t parent, const char *name,
    size_t len, uint32_t *ret, struct ioc_error *err)
{
	struct ioc_node *node;
	uint32_t at, text;
	int r;

	r = chunk(t, (void **)t->node, t->n, IOC_TABLE_NODES, sizeof(*node),
	    err);
	if (r == 0)
		r = rehash(t, err);
	if (r == 0)
		r = ioc_table_add_text(t, name, len, &text, err);
	if (r != 0)
		return (r);
	at = slot(t, parent, name, len);
	node = ioc_table_node(t, t->n);
	node->parent = parent;
	node->name = text;
	node->next = t->bucket[at];
	t->bucket[at] = t->n;
	*ret = t->n++;
	return (0);
}
