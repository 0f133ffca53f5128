/*
 * bench KEY.pem DOMAIN SELECTOR RECORD MESSAGE SIGNED
 *
 * Measures libopendkim: see the README.md in the folder above.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <opendkim/dkim.h>

struct file {
	char *text;
	size_t len;
};

static DKIM_LIB *lib;
static const char *key, *domain, *selector, *record;
static struct file message, signed_message;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

/* Reads a file, and puts a zero octet behind it. */
static struct file
slurp(const char *path)
{
	struct file f = { NULL, 0 };
	size_t n, room = 0;
	FILE *in = fopen(path, "rb");

	if (in == NULL)
		die(path, "cannot be opened");
	do {
		room = 2 * room + 4096;
		f.text = realloc(f.text, room);
		if (f.text == NULL)
			die(path, "no memory");
		n = fread(f.text + f.len, 1, room - f.len - 1, in);
		f.len += n;
	} while (n > 0);
	fclose(in);
	f.text[f.len] = '\0';
	return f;
}

static DKIM_CBSTAT
lookup(DKIM *d, DKIM_SIGINFO *sig, u_char *buf, size_t buflen)
{
	(void)d;
	(void)sig;
	if (strlen(record) >= buflen)
		return DKIM_CBSTAT_ERROR;
	strcpy((char *)buf, record);
	return DKIM_CBSTAT_CONTINUE;
}

static void
feed(DKIM *d, const struct file *f)
{
	DKIM_STAT st = dkim_chunk(d, (u_char *)f->text, f->len);

	if (st == DKIM_STAT_OK)
		st = dkim_chunk(d, NULL, 0);
	if (st == DKIM_STAT_OK)
		st = dkim_eom(d, NULL);
	if (st != DKIM_STAT_OK)
		die("message", dkim_getresultstr(st));
}

static void
sign_once(void)
{
	DKIM_STAT st;
	u_char *field;
	size_t len;
	DKIM *d = dkim_sign(lib, (const u_char *)"bench", NULL, (dkim_sigkey_t)key,
	    (const u_char *)selector, (const u_char *)domain,
	    DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &st);

	if (d == NULL)
		die("dkim_sign", dkim_getresultstr(st));
	feed(d, &message);
	st = dkim_getsighdr_d(d, strlen(DKIM_SIGNHEADER) + 2, &field, &len);
	if (st != DKIM_STAT_OK)
		die("dkim_getsighdr_d", dkim_getresultstr(st));
	dkim_free(d);
}

static void
verify_once(void)
{
	DKIM_STAT st;
	DKIM_SIGINFO *sig;
	DKIM *d = dkim_verify(lib, (const u_char *)"bench", NULL, &st);

	if (d == NULL)
		die("dkim_verify", dkim_getresultstr(st));
	feed(d, &signed_message);
	sig = dkim_getsignature(d);
	if (sig == NULL || !DKIM_SIG_CHECK(sig))
		die("verify", "the signature does not verify");
	dkim_free(d);
}

static long long
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int
main(int argc, char **argv)
{
	char word[8];
	long long start;
	long n;

	if (argc != 7) {
		fprintf(stderr, "usage: bench KEY.pem DOMAIN SELECTOR RECORD MESSAGE SIGNED\n");
		return 2;
	}
	key = slurp(argv[1]).text;
	domain = argv[2];
	selector = argv[3];
	record = argv[4];
	message = slurp(argv[5]);
	signed_message = slurp(argv[6]);
	lib = dkim_init(NULL, NULL);
	if (lib == NULL)
		die("dkim_init", "no memory");
	dkim_set_key_lookup(lib, lookup);
	while (scanf("%7s %ld", word, &n) == 2) {
		bool sign = strcmp(word, "sign") == 0;

		start = cpu();
		while (n-- > 0) {
			if (sign)
				sign_once();
			else
				verify_once();
		}
		printf("%lld\n", cpu() - start);
		fflush(stdout);
	}
	return 0;
}
