/*
 * io.h - reads a ZONE.json file (one flat JSON object, from the full name of a
 * record to its TXT string), to answer libopendkim's key lookups from it; and
 * the frames of messages and replies, as README.md in the folder above has them.
 */
#ifndef PEER_IO_H
#define PEER_IO_H

#include <stddef.h>

struct zone_rr {
	char *name;
	char *txt;
};

struct zone {
	struct zone_rr *rr;
	size_t n;
};

/* Returns 0, or -1 after printing why to stderr. */
int zone_load(struct zone *z, const char *path);

/* Returns the TXT string for name (without case, final dot ignored) or NULL. */
const char *zone_find(const struct zone *z, const char *name);

/* Reads a file into a malloc'd string; NULL after printing why to stderr. */
char *slurp(const char *path);

/* Reads the next message from standard input; NULL at the end. */
char *frame_read(size_t *len);

/* Writes the reply to a message. */
void frame_write(const char *word, const char *reply, size_t len);

/* Writes the reply that refuses a message. */
void frame_error(const char *what, const char *why);

#endif
