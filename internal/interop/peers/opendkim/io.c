/* io.c - see io.h */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io.h"

char *
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 65536, n = 0;
	char *buf;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return NULL;
	}
	buf = malloc(cap);
	while (buf != NULL) {
		size_t got = fread(buf + n, 1, cap - n - 1, f);

		if (got == 0)
			break;
		n += got;
		if (n + 1 == cap) {
			cap *= 2;
			buf = realloc(buf, cap);
		}
	}
	fclose(f);
	if (buf != NULL)
		buf[n] = '\0';
	return buf;
}

char *
frame_read(size_t *len)
{
	char *buf;

	if (scanf("%zu", len) != 1 || getchar() != '\n')
		return NULL;
	buf = malloc(*len + 1);
	if (buf != NULL && fread(buf, 1, *len, stdin) != *len) {
		free(buf);
		return NULL;
	}
	return buf;
}

void
frame_write(const char *word, const char *reply, size_t len)
{
	printf("%s %zu\n", word, len);
	fwrite(reply, 1, len, stdout);
	fflush(stdout);
}

void
frame_error(const char *what, const char *why)
{
	char buf[1024];
	int n = snprintf(buf, sizeof buf, "%s: %s", what, why ? why : "no reason");

	frame_write("error", buf, (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1);
}

static const char *
skip_ws(const char *p)
{
	while (*p != '\0' && isspace((unsigned char)*p))
		p++;
	return p;
}

static int
hex4(const char *p, unsigned *out)
{
	unsigned v = 0;
	int i;

	for (i = 0; i < 4; i++) {
		int c = (unsigned char)p[i];

		if (!isxdigit(c))
			return -1;
		v = v * 16 + (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	*out = v;
	return 0;
}

/* Encodes one code point below U+10000 as UTF-8; surrogates are not joined. */
static char *
put_utf8(char *o, unsigned u)
{
	if (u < 0x80) {
		*o++ = (char)u;
	} else if (u < 0x800) {
		*o++ = (char)(0xc0 | u >> 6);
		*o++ = (char)(0x80 | (u & 0x3f));
	} else {
		*o++ = (char)(0xe0 | u >> 12);
		*o++ = (char)(0x80 | (u >> 6 & 0x3f));
		*o++ = (char)(0x80 | (u & 0x3f));
	}
	return o;
}

/* Parses the JSON string at *pp, which must be at its opening quote. */
static char *
json_string(const char **pp)
{
	const char *p = *pp;
	char *out, *o;

	if (*p++ != '"')
		return NULL;
	out = o = malloc(strlen(p) + 1);
	if (out == NULL)
		return NULL;
	while (*p != '"') {
		unsigned u;

		if (*p == '\0')
			goto bad;
		if (*p != '\\') {
			*o++ = *p++;
			continue;
		}
		p++;
		switch (*p) {
		case 'n': *o++ = '\n'; break;
		case 'r': *o++ = '\r'; break;
		case 't': *o++ = '\t'; break;
		case 'b': *o++ = '\b'; break;
		case 'f': *o++ = '\f'; break;
		case '"': case '\\': case '/': *o++ = *p; break;
		case 'u':
			if (hex4(p + 1, &u) != 0)
				goto bad;
			o = put_utf8(o, u);
			p += 4;
			break;
		default:
			goto bad;
		}
		p++;
	}
	*o = '\0';
	*pp = p + 1;
	return out;
bad:
	free(out);
	return NULL;
}

int
zone_load(struct zone *z, const char *path)
{
	char *text = slurp(path);
	const char *p;

	z->rr = NULL;
	z->n = 0;
	if (text == NULL)
		return -1;
	p = skip_ws(text);
	if (*p++ != '{')
		goto bad;
	p = skip_ws(p);
	while (*p != '}') {
		struct zone_rr rr, *grown;

		rr.name = json_string(&p);
		if (rr.name == NULL)
			goto bad;
		p = skip_ws(p);
		if (*p++ != ':')
			goto bad;
		p = skip_ws(p);
		rr.txt = json_string(&p);
		if (rr.txt == NULL)
			goto bad;
		grown = realloc(z->rr, (z->n + 1) * sizeof *grown);
		if (grown == NULL)
			goto bad;
		z->rr = grown;
		z->rr[z->n++] = rr;
		p = skip_ws(p);
		if (*p == ',')
			p = skip_ws(p + 1);
		else if (*p != '}')
			goto bad;
	}
	free(text);
	return 0;
bad:
	fprintf(stderr, "%s: not a flat JSON object of strings\n", path);
	free(text);
	return -1;
}

const char *
zone_find(const struct zone *z, const char *name)
{
	size_t i, n = strlen(name);

	if (n > 0 && name[n - 1] == '.')
		n--;
	for (i = 0; i < z->n; i++) {
		const char *have = z->rr[i].name;
		size_t m = strlen(have);

		if (m > 0 && have[m - 1] == '.')
			m--;
		if (m == n && strncasecmp(have, name, n) == 0)
			return z->rr[i].txt;
	}
	return NULL;
}
