// SPDX-License-Identifier: MIT
/* replay.c - in libFuzzer's place: gives each file in the folders it is told of to the fuzz target, once. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAX_SIZE (1 << 20)

static void replay_file(const char *path)
{
	char *data = malloc(MAX_SIZE), *exact;
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f || !data) {
		perror(path);
		exit(2);
	}
	n = fread(data, 1, MAX_SIZE, f);
	fclose(f);
	exact = malloc(n ? n
			 : 1); /* so that a read behind the end is noticed, by who looks for it */
	if (!exact)
		exit(2);
	memcpy(exact, data, n);
	free(data);
	fprintf(stderr, "%s\n", path); /* the one it was, if this ends here */
	LLVMFuzzerTestOneInput((const uint8_t *)exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entry;
		int n = scandir(argv[i], &entry, NULL, alphasort);

		if (n < 0) {
			perror(argv[i]);
			return 2;
		}
		for (int k = 0; k < n; k++) {
			char path[4096];

			snprintf(path, sizeof(path), "%s/%s", argv[i], entry[k]->d_name);
			if (entry[k]->d_type == DT_REG) {
				replay_file(path);
				files++;
			}
			free(entry[k]);
		}
		free(entry);
	}
	printf("%d files\n", files);
	return files == 0;
}
