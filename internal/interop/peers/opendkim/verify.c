/*
 * verify ZONE.json | -version
 *
 * One line per DKIM-Signature: result, domain, selector, algorithm and, unless
 * it passed, libopendkim's reason.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "io.h"

static struct zone zone;

static DKIM_CBSTAT
lookup(DKIM *d, DKIM_SIGINFO *sig, u_char *buf, size_t buflen)
{
	char name[1024];
	const char *txt;

	(void)d;
	snprintf(name, sizeof name, "%s._domainkey.%s",
	    (char *)dkim_sig_getselector(sig), (char *)dkim_sig_getdomain(sig));
	txt = zone_find(&zone, name);
	if (txt == NULL)
		return DKIM_CBSTAT_NOTFOUND;
	if (strlen(txt) >= buflen)
		return DKIM_CBSTAT_ERROR;
	strcpy((char *)buf, txt);
	return DKIM_CBSTAT_CONTINUE;
}

/*
 * Sorts a signature's outcome into the result words of RFC 8601 section 2.7.1.
 * A message that libopendkim refused as a whole is a permanent error.
 */
static const char *
result_of(DKIM_SIGINFO *sig, DKIM_STAT st)
{
	int err = dkim_sig_geterror(sig);
	unsigned fl = dkim_sig_getflags(sig);

	if (err == DKIM_SIGERROR_OK && (fl & DKIM_SIGFLAG_PASSED) != 0)
		return dkim_sig_getbh(sig) == DKIM_SIGBH_MATCH ? "pass" : "fail";
	if (st == DKIM_STAT_SYNTAX && (err == DKIM_SIGERROR_OK || err == DKIM_SIGERROR_UNKNOWN))
		return "permerror";
	switch (err) {
	case DKIM_SIGERROR_OK:
	case DKIM_SIGERROR_BADSIG:
	case DKIM_SIGERROR_UNKNOWN:
		return "fail";
	case DKIM_SIGERROR_KEYFAIL:
		return "temperror";
	default:
		return "permerror";
	}
}

/* Writes a line for a signature to out. */
static void
report(FILE *out, DKIM *d, DKIM_SIGINFO *sig, DKIM_STAT st)
{
	const char *res, *why;

	/* With no passing signature libopendkim stops after the first. */
	if ((dkim_sig_getflags(sig) & DKIM_SIGFLAG_PROCESSED) == 0)
		dkim_sig_process(d, sig);
	res = result_of(sig, st);
	fprintf(out, "%s d=%s s=%s a=%s", res, (char *)dkim_sig_getdomain(sig),
	    (char *)dkim_sig_getselector(sig), (char *)dkim_sig_getalgorithm(sig));
	if (strcmp(res, "pass") != 0) {
		why = dkim_sig_geterrorstr(dkim_sig_geterror(sig));
		if (why == NULL || dkim_sig_geterror(sig) == DKIM_SIGERROR_OK)
			why = dkim_geterror(d);
		fprintf(out, " reason=\"%s%s\"", why ? why : dkim_getresultstr(st),
		    dkim_sig_getbh(sig) == DKIM_SIGBH_MISMATCH ? "; body hash mismatch" : "");
	}
	putc('\n', out);
}

static void
verify(DKIM_LIB *lib, char *msg, size_t mlen)
{
	DKIM_STAT st;
	DKIM_SIGINFO **sigs;
	DKIM *d;
	char *reply;
	size_t rlen;
	FILE *out;
	int i, n;

	d = dkim_verify(lib, (const u_char *)"peer", NULL, &st);
	if (d == NULL) {
		frame_error("dkim_verify", dkim_getresultstr(st));
		return;
	}
	st = dkim_chunk(d, (u_char *)msg, mlen);
	if (st == DKIM_STAT_OK)
		st = dkim_chunk(d, NULL, 0);
	if (st == DKIM_STAT_OK)
		st = dkim_eom(d, NULL);
	if (dkim_getsiglist(d, &sigs, &n) != DKIM_STAT_OK) {
		if (st == DKIM_STAT_NOSIG)
			frame_write("ok", "", 0);
		else
			frame_error(dkim_getresultstr(st), dkim_geterror(d));
	} else if ((out = open_memstream(&reply, &rlen)) != NULL) {
		for (i = 0; i < n; i++)
			report(out, d, sigs[i], st);
		fclose(out);
		frame_write("ok", reply, rlen);
		free(reply);
	}
	dkim_free(d);
}

int
main(int argc, char **argv)
{
	DKIM_LIB *lib;
	char *msg;
	size_t mlen;

	if (argc != 2) {
		fprintf(stderr, "usage: verify ZONE.json | -version\n");
		return 2;
	}
	if (strcmp(argv[1], "-version") == 0) {
		uint32_t v = dkim_libversion();

		printf("%u.%u.%u\n", v >> 24 & 0xff, v >> 16 & 0xff, v >> 8 & 0xff);
		return 0;
	}
	lib = dkim_init(NULL, NULL);
	if (lib == NULL || zone_load(&zone, argv[1]) != 0)
		return 2;
	dkim_set_key_lookup(lib, lookup);
	while ((msg = frame_read(&mlen)) != NULL) {
		verify(lib, msg, mlen);
		free(msg);
	}
	dkim_close(lib);
	return 0;
}
