/*
 * sign KEY.pem DOMAIN SELECTOR CANON ALGO
 *
 * CANON is header/body (simple or relaxed); ALGO is rsa-sha1, rsa-sha256 or
 * ed25519-sha256.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "io.h"

static int
canon_of(const char *s, size_t n, dkim_canon_t *out)
{
	if (n == 7 && strncmp(s, "relaxed", n) == 0)
		*out = DKIM_CANON_RELAXED;
	else if (n == 6 && strncmp(s, "simple", n) == 0)
		*out = DKIM_CANON_SIMPLE;
	else
		return -1;
	return 0;
}

static int
alg_of(const char *s, dkim_alg_t *out)
{
	if (strcmp(s, "rsa-sha256") == 0)
		*out = DKIM_SIGN_RSASHA256;
	else if (strcmp(s, "rsa-sha1") == 0)
		*out = DKIM_SIGN_RSASHA1;
	else if (strcmp(s, "ed25519-sha256") == 0)
		*out = DKIM_SIGN_ED25519SHA256;
	else
		return -1;
	return 0;
}

/* Writes text to out with every bare LF turned into CRLF. */
static void
put_crlf(FILE *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\r' && s[1] == '\n')
			continue;
		if (*s == '\n')
			putc('\r', out);
		putc(*s, out);
	}
}

struct job {
	const char *key, *domain, *selector;
	dkim_canon_t header, body;
	dkim_alg_t alg;
};

static void
sign(DKIM_LIB *lib, const struct job *job, char *msg, size_t mlen)
{
	DKIM_STAT st;
	DKIM *d;
	u_char *hdr;
	char *reply;
	size_t hlen, rlen;
	FILE *out;

	d = dkim_sign(lib, (const u_char *)"peer", NULL, (dkim_sigkey_t)job->key,
	    (const u_char *)job->selector, (const u_char *)job->domain,
	    job->header, job->body, job->alg, -1, &st);
	if (d == NULL) {
		frame_error("dkim_sign", dkim_getresultstr(st));
		return;
	}
	st = dkim_chunk(d, (u_char *)msg, mlen);
	if (st == DKIM_STAT_OK)
		st = dkim_chunk(d, NULL, 0);
	if (st == DKIM_STAT_OK)
		st = dkim_eom(d, NULL);
	if (st == DKIM_STAT_OK)
		st = dkim_getsighdr_d(d, strlen(DKIM_SIGNHEADER) + 2, &hdr, &hlen);
	if (st != DKIM_STAT_OK) {
		frame_error(dkim_getresultstr(st), dkim_geterror(d));
	} else if ((out = open_memstream(&reply, &rlen)) != NULL) {
		fputs(DKIM_SIGNHEADER ": ", out);
		put_crlf(out, (const char *)hdr);
		fputs("\r\n", out);
		fwrite(msg, 1, mlen, out);
		fclose(out);
		frame_write("ok", reply, rlen);
		free(reply);
	}
	dkim_free(d);
}

int
main(int argc, char **argv)
{
	struct job job;
	DKIM_LIB *lib;
	const char *slash;
	char *msg;
	size_t mlen;

	if (argc != 6) {
		fprintf(stderr, "usage: sign KEY.pem DOMAIN SELECTOR CANON ALGO\n");
		return 2;
	}
	slash = strchr(argv[4], '/');
	if (slash == NULL || canon_of(argv[4], (size_t)(slash - argv[4]), &job.header) != 0 ||
	    canon_of(slash + 1, strlen(slash + 1), &job.body) != 0 ||
	    alg_of(argv[5], &job.alg) != 0) {
		fprintf(stderr, "sign: bad CANON or ALGO\n");
		return 2;
	}
	job.domain = argv[2];
	job.selector = argv[3];
	job.key = slurp(argv[1]);
	lib = dkim_init(NULL, NULL);
	if (job.key == NULL || lib == NULL)
		return 2;
	while ((msg = frame_read(&mlen)) != NULL) {
		sign(lib, &job, msg, mlen);
		free(msg);
	}
	dkim_close(lib);
	return 0;
}
