// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/block.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <zlib.h>

#include "model/alloc.h"

static const char magic[8] = "ipctrace";

struct head {
	char magic[sizeof(magic)];
	uint32_t version, zero;
};

struct block_head {
	uint32_t type, raw, stored, crc;
};

void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (b->cap - b->len < len) {
		b->cap = (b->len + len) * 2;
		b->data = xreallocarray(b->data, b->cap, 1);
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

static int put(FILE *f, const void *data, size_t len)
{
	errno = 0;
	return fwrite(data, 1, len, f) == len ? 0 : errno ? -errno : -EIO;
}

int block_write_head(FILE *f, uint64_t *written)
{
	struct head head = { .version = htole32(BLOCK_VERSION) };
	int err;

	memcpy(head.magic, magic, sizeof(magic));
	err = put(f, &head, sizeof(head));
	*written = err ? 0 : sizeof(head);
	return err ? err : fflush(f) ? -errno : 0;
}

static uint32_t checksum(const struct block_head *h, const void *stored)
{
	uLong crc = crc32(0, (const Bytef *)h, offsetof(struct block_head, crc));

	return crc32(crc, stored, le32toh(h->stored));
}

int block_write(FILE *f, enum block_type type, const struct bytes *raw, uint64_t *written)
{
	uLongf len = compressBound(raw->len);
	struct block_head head;
	unsigned char *stored;
	int err;

	if (raw->len > BLOCK_MAX)
		return -EFBIG;
	stored = xreallocarray(NULL, len, 1);
	if (compress2(stored, &len, raw->data ? raw->data : (const Bytef *)"", raw->len, Z_BEST_SPEED) != Z_OK) {
		free(stored);
		return -ENOMEM;
	}
	head = (struct block_head){ htole32(type), htole32(raw->len), htole32(len), 0 };
	head.crc = htole32(checksum(&head, stored));
	err = put(f, &head, sizeof(head));
	if (!err)
		err = put(f, stored, len);
	if (!err && fflush(f))
		err = -errno;
	free(stored);
	if (!err)
		*written += sizeof(head) + len;
	return err;
}

/* 0; -ENODATA: nothing was left; -EBADMSG: less than len was; -errno */
static int get(FILE *f, void *data, size_t len)
{
	size_t got = fread(data, 1, len, f);

	if (got == len)
		return 0;
	if (ferror(f))
		return errno ? -errno : -EIO;
	return got ? -EBADMSG : -ENODATA;
}

int block_read_head(FILE *f)
{
	struct head head;

	if (get(f, &head, sizeof(head)) || memcmp(head.magic, magic, sizeof(magic)))
		return -EINVAL;
	return le32toh(head.version) == BLOCK_VERSION ? 0 : -EPROTONOSUPPORT;
}

/* A length that is a lie is not believed: memory grows with what is really there. */
static int get_growing(FILE *f, struct bytes *b, size_t len)
{
	unsigned char chunk[65536];

	b->len = 0;
	while (b->len < len) {
		size_t want = len - b->len < sizeof(chunk) ? len - b->len : sizeof(chunk);
		int err = get(f, chunk, want);

		if (err)
			return err == -ENODATA ? -EBADMSG : err;
		bytes_put(b, chunk, want);
	}
	return 0;
}

int block_read(FILE *f, uint32_t *type, struct bytes *raw)
{
	struct block_head head;
	struct bytes stored = { 0 };
	int err = get(f, &head, sizeof(head));
	uLongf len;

	if (err)
		return err;
	len = le32toh(head.raw);
	if (len > BLOCK_MAX || le32toh(head.stored) > compressBound(BLOCK_MAX))
		return -EBADMSG;
	err = get_growing(f, &stored, le32toh(head.stored));
	if (!err && checksum(&head, stored.data) != le32toh(head.crc))
		err = -EBADMSG;
	if (!err) {
		raw->len = 0;
		if (raw->cap < len) {
			raw->data = xreallocarray(raw->data, len, 1);
			raw->cap = len;
		}
		if (len && (uncompress(raw->data, &len, stored.data, stored.len) != Z_OK || len != le32toh(head.raw)))
			err = -EBADMSG;
		raw->len = len;
	}
	*type = le32toh(head.type);
	bytes_free(&stored);
	return err;
}
