// SPDX-License-Identifier: MIT
/*
 * load.c - see load.h. What is writable and not made read-only after relocation holds the program's variables.
 */
#define _GNU_SOURCE
#include "load.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_RANGES 4
#define MAX_DESTRUCTORS 64

struct range {
	uintptr_t start, end;
};

static struct {
	void *handle;
	int (*main)(int argc, char **argv, char **envp);
	uintptr_t base;
	struct range code; /* and constants */
	struct range vars[MAX_RANGES];
	int nvars;
	struct tls_image tls;
	bool runs_on_stack; /* code that it writes there */
	void (*destructor[MAX_DESTRUCTORS])(void);
	size_t ndestructors;
	/* The file, for its symbols. */
	char *file;
	size_t file_size;
	const ElfW(Sym) * symbols;
	size_t nsymbols;
	const char *strings;
} program;

/* Leaves out what the linker made read-only. */
static void add_variables(uintptr_t start, uintptr_t end, struct range relro)
{
	if (relro.start <= start && start < relro.end)
		start = relro.end;
	if (start < end && program.nvars < MAX_RANGES)
		program.vars[program.nvars++] = (struct range){ start, end };
}

static void do_nothing(void)
{
}

/* The process ends in the exploration, where they run as main()'s thread; dlclose() is to find none. */
static void take_destructors(const ElfW(Dyn) * d)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = 0, first;
	void (**array)(void);
	size_t size = 0;

	for (; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_FINI_ARRAY)
			start = program.base + d->d_un.d_ptr;
		if (d->d_tag == DT_FINI_ARRAYSZ)
			size = d->d_un.d_val;
	}
	first = start & ~(page - 1);
	if (!size || mprotect((void *)first, start + size - first, PROT_READ | PROT_WRITE))
		return;
	array = (void (**)(void))start;
	for (size_t i = 0; i < size / sizeof(*array); i++) {
		if (program.ndestructors < MAX_DESTRUCTORS)
			program.destructor[program.ndestructors++] = array[i];
		array[i] = do_nothing;
	}
}

static int look_at_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct range relro = { 0, 0 };

	(void)size;
	if (strcmp(info->dlpi_name, arg))
		return 0;
	program.base = program.code.start = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_GNU_RELRO)
			relro = (struct range){ start, start + ph->p_memsz };
		if (ph->p_type == PT_TLS)
			program.tls = (struct tls_image){
				.size = ph->p_memsz,
				.data_size = ph->p_filesz,
				.data = (const void *)start,
				.initial_block = info->dlpi_tls_data,
			};
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_W))
			add_variables(start, start + ph->p_memsz, relro);
		else if (ph->p_type == PT_LOAD)
			program.code.end = start + ph->p_memsz;
		if (ph->p_type == PT_GNU_STACK)
			program.runs_on_stack = ph->p_flags & PF_X;
		if (ph->p_type == PT_DYNAMIC)
			take_destructors((const void *)start);
	}
	return 1;
}

static bool in_file(size_t offset, size_t size)
{
	return offset <= program.file_size && size <= program.file_size - offset;
}

/* Without symbols, things have no names: no error. */
static void find_symbols(const char *path)
{
	const ElfW(Ehdr) * header;
	const ElfW(Shdr) * section;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st)) {
		void *file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (file != MAP_FAILED) {
			program.file = file;
			program.file_size = st.st_size;
		}
	}
	close(fd);
	header = (const void *)program.file;
	if (!header || !in_file(0, sizeof(*header)) ||
	    !in_file(header->e_shoff, header->e_shnum * sizeof(*section)))
		return;
	section = (const void *)(program.file + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++) {
		const ElfW(Shdr) *s = &section[i];

		if (s->sh_type != SHT_SYMTAB || s->sh_link >= header->e_shnum ||
		    !in_file(s->sh_offset, s->sh_size))
			continue;
		program.symbols = (const void *)(program.file + s->sh_offset);
		program.nsymbols = s->sh_size / sizeof(*program.symbols);
		program.strings = program.file + section[s->sh_link].sh_offset;
	}
}

static int explain(char *err, size_t err_size)
{
	const char *text = dlerror();
	const char *name = text ? strstr(text, "undefined symbol: ") : NULL;

	if (name)
		snprintf(err, err_size,
			 "the program uses %s, which neither it nor a library that it is linked "
			 "with has; -lNAME after -- links one",
			 name + strlen("undefined symbol: "));
	else
		snprintf(err, err_size, "the program can't be loaded: %s", text ? text : "?");
	return -EINVAL;
}

int load_program(const char *path, char *err, size_t err_size)
{
	memset(&program, 0, sizeof(program));
	program.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!program.handle)
		return explain(err, err_size);
	/* From the program alone: this process has a main(), too. */
	*(void **)&program.main = dlsym(program.handle, "main");
	if (!program.main) {
		snprintf(err, err_size, "the program has no main()");
		unload_program();
		return -EINVAL;
	}
	dl_iterate_phdr(look_at_segments, (void *)path);
	if (program.runs_on_stack) {
		snprintf(err, err_size,
			 "the program needs an executable stack: a nested function is used through "
			 "a pointer (make it an ordinary one), or an assembler file does not say "
			 "that it needs none (.note.GNU-stack)");
		unload_program();
		return -EINVAL;
	}
	find_symbols(path);
	return 0;
}

void unload_program(void)
{
	if (program.file)
		munmap(program.file, program.file_size);
	if (program.handle)
		dlclose(program.handle);
	memset(&program, 0, sizeof(program));
}

uintptr_t loaded_base(void)
{
	return program.base;
}

int (*loaded_main(void))(int argc, char **argv, char **envp)
{
	return program.main;
}

void (*loaded_destructor(size_t i))(void)
{
	return i < program.ndestructors ? program.destructor[program.ndestructors - 1 - i] : NULL;
}

const struct tls_image *loaded_tls(void)
{
	return &program.tls;
}

bool loaded_variables(int i, uintptr_t *start, size_t *size)
{
	if (i >= program.nvars)
		return false;
	*start = program.vars[i].start;
	*size = program.vars[i].end - program.vars[i].start;
	return true;
}

const char *loaded_import(int i, const char **library)
{
	Dl_info where;

	for (size_t k = 0; k < program.nsymbols; k++) {
		const ElfW(Sym) *s = &program.symbols[k];
		const char *name = program.strings + s->st_name;
		char plain[128];
		void *addr;

		if (s->st_shndx != SHN_UNDEF || !*name || ELF64_ST_TYPE(s->st_info) == STT_OBJECT)
			continue;
		if (i--)
			continue;
		/* The symbol table may have the version: "fopen@GLIBC_2.2.5". */
		snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(name, "@"), name);
		addr = dlsym(program.handle, plain);
		*library = addr && dladdr(addr, &where) ? where.dli_fname : NULL;
		return name;
	}
	return NULL;
}

bool loaded_has(uintptr_t addr)
{
	return program.code.start <= addr && addr < program.code.end;
}

const char *symbol_at(uintptr_t addr, size_t *offset, size_t *size)
{
	for (size_t i = 0; i < program.nsymbols; i++) {
		const ElfW(Sym) *s = &program.symbols[i];
		uintptr_t start = program.base + s->st_value;
		int type = ELF64_ST_TYPE(s->st_info);

		if ((type != STT_OBJECT && type != STT_FUNC) || s->st_shndx == SHN_UNDEF)
			continue;
		if (addr - start >= s->st_size && !(addr == start && !s->st_size))
			continue;
		*offset = addr - start;
		*size = s->st_size;
		return program.strings + s->st_name;
	}
	return NULL;
}

const char *symbol_name(uintptr_t addr)
{
	size_t offset, size;

	return symbol_at(addr, &offset, &size);
}
