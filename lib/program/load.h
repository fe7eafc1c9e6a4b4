/* SPDX-License-Identifier: MIT */
/*
 * load.h - the program in this process: its code, its variables, the names of both.
 *
 * One program at a time. Names are those of the file's symbol table, static ones too.
 */
#ifndef FL_PROGRAM_LOAD_H
#define FL_PROGRAM_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What thread-local variables begin with: data, then zeroes. */
struct tls_image {
	size_t size, data_size;
	const void *data;
	const void *initial_block; /* main()'s, which constructors may have changed; or NULL */
};

/* 0, or -EINVAL with a reason in @err. Runs the program's constructors. */
int load_program(const char *path, char *err, size_t err_size);
void unload_program(void);

/* From where the addresses in the file count. */
uintptr_t loaded_base(void);
int (*loaded_main(void))(int argc, char **argv, char **envp);
/* Those of the program, counted from 0 in the order in which they run; NULL: no more. */
void (*loaded_destructor(size_t i))(void);
const struct tls_image *loaded_tls(void);
/* Memory that holds the program's variables, counted from 0; false: no more. */
bool loaded_variables(int i, uintptr_t *start, size_t *size);

/* Functions that it takes from libraries, counted from 0; NULL: no more. *@library: the file, or NULL. */
const char *loaded_import(int i, const char **library);
/* Is @addr in its code or its constants? */
bool loaded_has(uintptr_t addr);

/* The name of the function or variable that has @addr, and where in it; NULL: none. */
const char *symbol_at(uintptr_t addr, size_t *offset, size_t *size);
const char *symbol_name(uintptr_t addr);

#endif
