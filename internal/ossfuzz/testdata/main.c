/* main of a fuzzer without an engine: it runs the target on files. */
#include <stdint.h>
#include <stdio.h>

/* What Go tells an engine about coverage. */
void __sanitizer_cov_8bit_counters_init(char *start, char *stop) { (void)start, (void)stop; }
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop) { (void)start, (void)stop; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
	static uint8_t data[1 << 20];
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (f == NULL) {
			perror(argv[i]);
			return 2;
		}
		size_t size = fread(data, 1, sizeof data, f);
		fclose(f);
		LLVMFuzzerTestOneInput(data, size);
	}
	return 0;
}
