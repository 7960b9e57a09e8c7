/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The blocks of a recording. A file is a magic number and blocks one after the
 * other, each compressed by itself and checked: what was cut off at any byte is
 * read up to the last whole block.
 *
 *	"ipctrace" u32 version (little-endian), u32 0
 *	block: u32 type, u32 length raw, u32 length stored, u32 CRC-32 of the three and of what is stored
 *	       what is stored: zlib's deflate of the raw bytes
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BLOCK_VERSION 1
#define BLOCK_MAX (1u << 30) /* bytes raw */

/* Numbers are written to files: append only. */
enum block_type {
	BLOCK_ABOUT = 1,   /* JSON: what the session is about (about.h) */
	BLOCK_CGROUPS = 2, /* JSON: paths of cgroups by id, as far as not told before */
	BLOCK_FIGURES = 3, /* what changed since the figures before (delta.h) */
	BLOCK_EVENTS = 4,  /* struct ipc_event, one after the other */
};

/* Bytes that grow. Zero it before the first use. */
struct bytes {
	unsigned char *data;
	size_t len, cap;
};

void bytes_put(struct bytes *b, const void *data, size_t len);
void bytes_free(struct bytes *b);

/* The file's first bytes; *written becomes their number. 0 or -errno. */
int block_write_head(FILE *f, uint64_t *written);

/*
 * Writes one block and flushes it; *written grows by its length in the file. 0 or
 * -errno; -EFBIG: longer than BLOCK_MAX. After an error what was written of it
 * may stand in the file.
 */
int block_write(FILE *f, enum block_type type, const struct bytes *raw, uint64_t *written);

/* 0; -EINVAL: no recording; -EPROTONOSUPPORT: of another version. */
int block_read_head(FILE *f);

/*
 * The next block into raw and type (unknown types too). 0; -ENODATA: the file ends
 * here; -EBADMSG: it ends within a block, or the block is damaged; -errno.
 */
int block_read(FILE *f, uint32_t *type, struct bytes *raw);

#endif
