// SPDX-License-Identifier: MIT
/*
 * merge.c - which areas become one: what selftests/mm/merge.c and tools/testing/vma check, written anew as calls of a
 * program and the layout that they end in. Uprobes, prctl(), VMAs of drivers and their close() are not modelled.
 *
 * Steps are separated by ";". Pages are counted from 1 on:
 *
 *	map F N [PROT]		mmap() N pages at page F, private anonymous memory; PROT: rw (the default), r or none
 *	mapn F N [PROT]		the same with MAP_NORESERVE: what was writable once is no different from what never was
 *	file F N OFF, other F N OFF, shared F N OFF
 *				the file from its page OFF on, privately; another file; the first file, shared
 *	touch P			a store to page P: its area has an anon_vma from then on
 *	protect F N PROT, unmap F N, mergeable F N, watch F N
 *				mprotect(), munmap(), MADV_MERGEABLE, a registration with userfaultfd
 *	move F N TO, keep F N TO, grow F N M
 *				mremap(): to TO; the same with MREMAP_DONTUNMAP; to M pages where it is
 *	clear			soft-dirty tracking begins
 *	fork			the child does the rest
 *
 * Layouts: '.' is nothing, A, B, ... are the areas by address, in small letters if they have no anon_vma.
 */
#include "process.h"

#define NR_PAGES 24 /* of a layout */

static const struct row {
	const char *name, *steps, *want;
	const char *newest; /* what the newest release makes of it, if that is something else */
} rows[] = {
	/* rows begin */
	/* --- selftests/mm/merge.c --- */
	{ "mprotect, unfaulted to the left", "mapn 1 6; protect 1 3 r; touch 4; protect 1 3 rw",
	  "AAAAAA" },
	{ "mprotect, unfaulted to the right", "mapn 1 6; protect 4 3 r; touch 1; protect 4 3 rw",
	  "AAAAAA" },
	{ "mprotect, unfaulted on both sides",
	  "mapn 1 9; protect 1 3 r; protect 7 3 r; touch 4; protect 4 3 r", "AAAAAAAAA" },
	{ "mprotect, faulted to the left, unfaulted to the right",
	  "mapn 1 9; protect 7 3 r; touch 4; touch 1; protect 1 3 r; protect 4 3 r", "AAAAAAAAA" },
	{ "mprotect, unfaulted to the left, faulted to the right",
	  "mapn 1 9; protect 1 3 r; touch 4; touch 7; protect 7 3 r; protect 4 3 r", "AAAAAAAAA" },
	{ "a forked area is no target", "map 3 3; touch 3; fork; map 6 3; map 1 2", "aaBBBccc" },
	{ "a forked area is no target of mprotect()",
	  "mapn 1 3; touch 1; fork; mapn 4 3 r; protect 4 3 rw", "AAAbbb" },
	{ "a forked area is no source",
	  "mapn 1 3; protect 1 3 r; mapn 4 3; touch 4; fork; protect 4 3 r", "aaaBBB" },
	{ "two mergeable areas", "map 1 2; mergeable 1 2; map 3 2; mergeable 3 2", "aaaa" },
	{ "unfaulted moved beside faulted", "map 1 3; touch 1; map 10 3; move 10 3 4", "AAAAAA" },
	{ "unfaulted moved before faulted", "map 4 3; touch 4; map 10 3; move 10 3 1", "AAAAAA" },
	{ "unfaulted moved between faulted",
	  "map 1 3; touch 1; map 7 3; touch 7; map 12 3; move 12 3 4", "AAAAAABBB" },
	{ "unfaulted moved between faulted and unfaulted",
	  "map 1 3; touch 1; map 7 3; map 12 3; move 12 3 4", "AAAAAAAAA" },
	{ "unfaulted moved between unfaulted and faulted",
	  "map 1 3; map 7 3; touch 7; map 12 3; move 12 3 4", "AAAAAAAAA" },
	{ "unfaulted moved between halves that belong together",
	  "map 1 9; touch 1; touch 7; unmap 4 3; map 12 3; move 12 3 4", "AAAAAAAAA" },
	{ "three faulted pieces come back, 1 2 3",
	  "map 1 6; touch 1; touch 3; touch 5; move 1 2 8; move 3 2 11; move 5 2 14; "
	  "move 8 2 1; move 11 2 3; move 14 2 5",
	  "AAAAAA" },
	{ "three faulted pieces come back, 1 3 2",
	  "map 1 6; touch 1; touch 3; touch 5; move 1 2 8; move 3 2 11; move 5 2 14; "
	  "move 8 2 1; move 14 2 5; move 11 2 3",
	  "AAAAAA" },
	{ "three faulted pieces come back, 2 1 3",
	  "map 1 6; touch 1; touch 3; touch 5; move 1 2 8; move 3 2 11; move 5 2 14; "
	  "move 11 2 3; move 8 2 1; move 14 2 5",
	  "AAAAAA" },
	{ "three faulted pieces come back, 3 2 1",
	  "map 1 6; touch 1; touch 3; touch 5; move 1 2 8; move 3 2 11; move 5 2 14; "
	  "move 14 2 5; move 11 2 3; move 8 2 1",
	  "AAAAAA" },
	{ "faulted moved beside unfaulted, before it",
	  "map 4 3; touch 4; move 4 3 12; map 1 3; keep 12 3 4", "AAAAAA.....bbb" },
	{ "faulted moved beside unfaulted, behind it",
	  "map 4 3; touch 4; move 4 3 12; map 7 3; keep 12 3 4", "...AAAAAA..bbb" },
	{ "faulted moved between unfaulted",
	  "map 4 3; touch 4; move 4 3 12; map 1 3; map 7 3; keep 12 3 4", "AAAAAAAAA..bbb" },
	{ "faulted moved between unfaulted and faulted",
	  "map 4 6; touch 4; touch 7; move 4 3 12; map 1 3; keep 12 3 4", "AAAAAAAAA..bbb" },

	/* --- tools/testing/vma: a new range --- */
	{ "new, nothing near", "map 1 2; map 5 2; map 8 2", "aa..bb.cc" },
	{ "new, merges with both", "map 1 2; map 4 1; map 3 1", "aaaa" },
	{ "new, with the previous", "map 1 2; map 3 1", "aaa" },
	{ "new, with the next", "map 2 2; map 1 1", "aaa" },
	{ "new, with both, the previous has pages", "map 1 2; touch 1; map 5 2; map 3 2",
	  "AAAAAA" },
	{ "new, with both, the next has pages", "map 1 2; map 5 2; touch 5; map 3 2", "AAAAAA" },
	{ "new, with both, which have other pages", "map 1 2; touch 1; map 5 2; touch 5; map 3 2",
	  "AAAABB" },
	{ "new, with both, which had been one", "map 1 6; touch 1; touch 5; unmap 3 2; map 3 2",
	  "AAAAAA" },
	{ "new, with the previous that has pages", "map 1 2; touch 1; map 3 1", "AAA" },
	{ "new, with the next that has pages", "map 2 2; touch 2; map 1 1", "AAA" },
	{ "new, over something else", "map 1 2; map 3 2 r; map 5 2; unmap 3 2; map 3 2", "aaaaaa" },
	{ "new, all gaps are filled",
	  "map 1 1; map 3 1; map 5 1; map 7 1; map 2 1; map 6 1; map 4 1", "aaaaaaa" },
	{ "new, another protection", "map 1 2; map 5 2; map 3 2 r", "aabbcc" },
	{ "new, no permission at all", "map 1 2 r; map 5 2 r; map 3 2 none", "aabbcc" },
	{ "new, accounted and not", "map 1 2; mapn 3 2; map 5 2", "aabbcc" },
	{ "new, mergeable is another flag", "map 1 2; mergeable 1 2; map 3 2", "aabb" },
	{ "new, userfaultfd watches the previous", "map 1 2; watch 1 2; map 3 2", "aabb" },
	{ "new, the previous is a fork's", "map 1 2; touch 1; fork; map 3 2", "AAbb" },
	{ "new, dirty, the previous is not", "map 1 2; clear; map 3 2", "aaaa" },
	{ "new, dirty, the next is not", "map 3 2; clear; map 1 2", "aaaa" },
	{ "new, dirty, both are not", "map 1 2; map 5 2; clear; map 3 2", "aaaaaa" },
	{ "new, dirty as the next, the previous is not", "map 1 2; clear; map 5 2; map 3 2",
	  "aaaaaa" },
	/* files */
	{ "file, goes on", "file 1 2 0; file 3 2 2", "aaaa" },
	{ "file, goes on before", "file 3 2 2; file 1 2 0", "aaaa" },
	{ "file, between", "file 1 2 0; file 5 2 4; file 3 2 2", "aaaaaa" },
	{ "file, a jump", "file 1 2 0; file 3 2 3", "aabb" },
	{ "file, back", "file 1 2 2; file 3 2 0", "aabb" },
	{ "file, fits to the previous alone", "file 1 2 0; file 5 2 5; file 3 2 2", "aaaabb" },
	{ "file, fits to the next alone", "file 1 2 0; file 5 2 5; file 3 2 3", "aabbbb" },
	{ "file, another one", "file 1 2 0; other 3 2 2", "aabb" },
	{ "file, shared", "shared 1 2 0; shared 3 2 2", "aaaa" },
	{ "file, private beside shared", "shared 1 2 0; file 3 2 2", "aabb" },
	{ "file beside anonymous memory", "file 1 2 0; map 3 2", "aabb" },
	{ "file, private, with pages", "file 1 2 0; touch 1; file 3 2 2", "AAAA" },
	{ "file, private, between others' pages",
	  "file 1 2 0; touch 1; file 5 2 4; touch 5; file 3 2 2", "AAAABB" },

	/* --- tools/testing/vma: a range changes --- */
	{ "modify, a part is split off", "mapn 1 6; protect 3 2 r", "aabbcc" },
	{ "modify, a part with pages is split off", "mapn 1 6; touch 3; protect 3 2 r", "AABBCC" },
	{ "modify, and back", "mapn 1 6; protect 3 2 r; protect 3 2 rw", "aaaaaa" },
	{ "modify, the start is split off", "mapn 1 6; protect 1 2 r", "aabbbb" },
	{ "modify, the end is split off", "mapn 1 6; protect 5 2 r", "aaaabb" },
	{ "modify, all of it", "mapn 1 6; protect 1 6 r", "aaaaaa" },
	{ "existing, right, a part", "mapn 2 4 r; mapn 6 3; protect 3 3 rw", ".abbbbbb" },
	{ "existing, right, all", "mapn 2 4 r; mapn 6 3; protect 2 4 rw", ".aaaaaaa" },
	{ "existing, left, a part", "mapn 1 3; mapn 4 4 r; protect 4 3 rw", "aaaaaab" },
	{ "existing, left, all", "mapn 1 3; mapn 4 4 r; protect 4 4 rw", "aaaaaaa" },
	{ "existing, both", "mapn 1 3; mapn 4 4 r; mapn 8 3; protect 4 4 rw", "aaaaaaaaaa" },
	{ "existing, right, a part, with pages",
	  "mapn 2 4; touch 2; protect 2 4 r; mapn 6 3; protect 3 3 rw", ".ABBBBBB" },
	{ "existing, right, all, with pages",
	  "mapn 2 4; touch 2; protect 2 4 r; mapn 6 3; protect 2 4 rw", ".AAAAAAA" },
	{ "existing, left, a part, with pages",
	  "mapn 4 4; touch 4; protect 4 4 r; mapn 1 3; protect 4 3 rw", "AAAAAAB" },
	{ "existing, left, all, with pages",
	  "mapn 4 4; touch 4; protect 4 4 r; mapn 1 3; protect 4 4 rw", "AAAAAAA" },
	{ "existing, both, with pages",
	  "mapn 4 4; touch 4; protect 4 4 r; mapn 1 3; mapn 8 3; protect 4 4 rw", "AAAAAAAAAA" },
	{ "existing, both, the previous has pages",
	  "mapn 1 3; touch 1; mapn 4 4 r; mapn 8 3; protect 4 4 rw", "AAAAAAAAAA" },
	{ "existing, both, the next has pages",
	  "mapn 1 3; mapn 4 4 r; mapn 8 3; touch 8; protect 4 4 rw", "AAAAAAAAAA" },
	{ "existing, both, all have the same pages' owner",
	  "mapn 1 10; touch 1; protect 4 4 r; touch 8; protect 4 4 rw", "AAAAAAAAAA" },
	{ "existing, both, which have other pages: left alone",
	  "mapn 1 3; touch 1; mapn 8 3; touch 8; mapn 4 4 r; protect 4 4 rw", "AAAAAAABBB" },
	{ "existing, the previous has other pages",
	  "mapn 1 3; touch 1; mapn 12 4; touch 12; protect 12 4 r; move 12 4 4; protect 4 4 rw",
	  "AAABBBB" },
	{ "interior, second page", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 5 1 r",
	  "aaabcdddee" },
	{ "interior, third page", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 6 1 r", "aaabbcddee" },
	{ "interior, fourth page", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 7 1 r",
	  "aaabbbcdee" },
	{ "interior, all but the ends", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 5 3 r",
	  "aaabcccdee" },
	{ "interior, first two", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 5 2 r", "aaabccddee" },
	{ "interior, last two", "mapn 1 3 r; mapn 4 5; mapn 9 2 r; protect 6 2 r", "aaabbccdee" },
	{ "mergeable, a part, and back is not to be had", "map 1 6; mergeable 3 2", "aabbcc" },
	{ "mergeable, piece by piece", "map 1 6; mergeable 3 2; mergeable 5 2; mergeable 1 2",
	  "aaaaaa" },
	{ "userfaultfd, a part", "map 1 6; watch 3 2", "aabbcc" },
	{ "userfaultfd, piece by piece", "map 1 6; watch 3 2; watch 1 2; watch 5 2", "aaaaaa" },

	/* --- tools/testing/vma: expand, shrink, extend, copy --- */
	{ "expand over the next, which has pages", "map 1 3; map 5 2; touch 5; map 4 1", "AAAAAA" },
	{ "shrink, the end goes", "map 1 5; unmap 4 2", "aaa" },
	{ "shrink, the start goes", "map 1 5; unmap 1 2", "..aaa" },
	{ "shrink, the middle goes", "map 1 6; touch 1; unmap 3 2", "AA..BB" },
	{ "shrink by mremap()", "map 1 5; grow 1 5 3", "aaa" },
	{ "extend", "map 1 2; grow 1 2 5", "aaaaa" },
	{ "extend up to the next", "map 1 2; map 5 2; grow 1 2 4", "aaaaaa" },
	{ "extend up to the next, which has pages", "map 1 2; map 5 2; touch 5; grow 1 2 4",
	  "AAAAAA" },
	{ "extend up to a stranger", "map 1 2; map 5 2 r; grow 1 2 4", "aaaabb" },
	{ "extend up to the next, with other pages",
	  "map 1 2; touch 1; map 5 2; touch 5; grow 1 2 4", "AAAABB" },
	{ "copy, nothing near", "map 1 2; touch 1; move 1 2 10", ".........AA" },
	{ "copy, untouched, nothing near", "map 1 2; move 1 2 10", ".........aa" },
	{ "copy, untouched, beside its like", "map 1 2; map 10 2; move 1 2 12", ".........aaaa" },
	{ "copy, touched: its pages belong elsewhere", "map 1 2; touch 1; map 10 2; move 1 2 12",
	  ".........aaBB" },
	{ "copy, a file's, beside what it goes on from", "shared 1 2 2; shared 10 2 0; move 1 2 12",
	  ".........aaaa" },
	{ "copy, a file's, where it does not go on", "shared 1 2 3; shared 10 2 0; move 1 2 12",
	  ".........aabb" },
	{ "copy, a part of an area, next to what is left", "map 1 6; move 1 2 7", "..aaaaaa" },
	{ "copy, a part with pages, next to what is left", "map 1 6; touch 1; move 1 2 7",
	  "..AAAABB" },
	/* Policy mremap_dontunmap: seen on 6.18; stable releases of 6.12 keep them apart. */
	{ "copy, kept, next to itself", "map 3 2; keep 3 2 5", "..aabb", "..aaaa" },
	/* rows end */
};

/* --- what steps do --- */

static struct process *who; /* the parent, or the child */
static struct fl_file *file, *other;
static struct fl_uffd *uffd;

struct step {
	char name[16], prot[16];
	unsigned int n[3];
};

static void map_step(const struct step *s, unsigned int flags, struct fl_file *from)
{
	unsigned int prot = !strcmp(s->prot, "none") ? 0 : !strcmp(s->prot, "r") ? FL_READ : RW;
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, who->mm, s->n[0] * PAGE, s->n[1], prot,
				 flags | FL_MAP_FIXED_NOREPLACE, from, from ? s->n[2] : 0),
			 0);
}

static void remap_step(const struct step *s, size_t pages, unsigned int flags, unsigned int to)
{
	fl_vaddr addr;

	ck_assert_int_eq(
		fl_mremap(&addr, who->mm, s->n[0] * PAGE, s->n[1], pages, flags, to * PAGE), 0);
}

static void watch_step(const struct step *s)
{
	if (!uffd)
		ck_assert_int_eq(fl_uffd_create(&uffd, who->mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, who->cpu, s->n[0] * PAGE, s->n[1], FL_UFFD_MISSING),
			 0);
}

static void run_step(const struct step *s)
{
	unsigned int moves = FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED;
	bool none = !strcmp(s->prot, "none");
	fl_vaddr addr = s->n[0] * PAGE;

	if (!strcmp(s->name, "map"))
		map_step(s, 0, NULL);
	else if (!strcmp(s->name, "mapn"))
		map_step(s, FL_MAP_NORESERVE, NULL);
	else if (!strcmp(s->name, "file"))
		map_step(s, 0, file);
	else if (!strcmp(s->name, "other"))
		map_step(s, 0, other);
	else if (!strcmp(s->name, "shared"))
		map_step(s, FL_MAP_SHARED, file);
	else if (!strcmp(s->name, "touch"))
		fill(who, addr, s->n[0]);
	else if (!strcmp(s->name, "protect"))
		protect(who, addr, s->n[1], none ? 0 : !strcmp(s->prot, "r") ? FL_READ : RW);
	else if (!strcmp(s->name, "unmap"))
		unmap(who, addr, s->n[1]);
	else if (!strcmp(s->name, "mergeable"))
		advise(who, addr, s->n[1], FL_MADV_MERGEABLE);
	else if (!strcmp(s->name, "watch"))
		watch_step(s);
	else if (!strcmp(s->name, "move"))
		remap_step(s, s->n[1], moves, s->n[2]);
	else if (!strcmp(s->name, "keep"))
		remap_step(s, s->n[1], moves | FL_MREMAP_DONTUNMAP, s->n[2]);
	else if (!strcmp(s->name, "grow"))
		remap_step(s, s->n[2], 0, 0);
	else if (!strcmp(s->name, "clear"))
		clear_soft_dirty(who);
	else if (!strcmp(s->name, "fork")) {
		fork_child();
		who = &child;
	} else {
		ck_abort_msg("unknown step \"%s\"", s->name);
	}
}

/* The next of @steps; false: there is none. */
static bool next_step(const char **steps, struct step *out)
{
	char word[16];
	int used, nr = 0;

	*out = (struct step){ .prot = "rw" };
	if (sscanf(*steps, " %15[a-z]%n", out->name, &used) != 1)
		return false;
	*steps += used;
	while (sscanf(*steps, " %15[a-z0-9]%n", word, &used) == 1) {
		if (word[0] >= '0' && word[0] <= '9')
			out->n[nr++] = (unsigned int)atoi(word);
		else
			snprintf(out->prot, sizeof(out->prot), "%s", word);
		*steps += used;
	}
	if (**steps == ';')
		++*steps;
	return true;
}

/* --- layouts --- */

static const struct row *row;

/* The last area ends the text. */
static const char *layout(void)
{
	static char text[NR_PAGES + 1];
	struct fl_vma_info vma;
	size_t end = 0;
	char letter = 'A';

	memset(text, '.', NR_PAGES);
	for (fl_vaddr addr = 0; !fl_inspect_vma(&vma, who->mm, addr); addr = vma.end, letter++) {
		size_t start = vma.start / PAGE - 1;

		end = vma.end / PAGE - 1;
		ck_assert_uint_le(end, NR_PAGES);
		/* What MREMAP_DONTUNMAP leaves keeps its place in the newest release. */
		if (!vma.file && !vma.anon_vma && !(newest && strstr(row->steps, "keep")))
			ck_assert_uint_eq(vma.pgoff, vma.start / PAGE);
		for (size_t i = start; i < end; i++)
			text[i] = vma.anon_vma ? letter : (char)(letter - 'A' + 'a');
	}
	text[end] = '\0';
	return text;
}

static void run_row(void)
{
	const char *want = newest && row->newest ? row->newest : row->want;
	const char *steps = row->steps;
	struct step step;

	who = &parent;
	uffd = NULL;
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 16, 0), 0);
	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 16, 0), 0);
	while (next_step(&steps, &step))
		run_step(&step);
	holds(!strcmp(layout(), want), "%s, not %s", layout(), want);
	fl_uffd_close(uffd);
	ck_assert_int_eq(fl_munmap(parent.mm, PAGE, NR_PAGES), 0);
	if (child.mm)
		child_exits();
	fl_file_put(file);
	fl_file_put(other);
}

static struct fl_machine_config config;
static const int nr_cases = sizeof(rows) / sizeof(rows[0]);

static struct self_case case_of(int i)
{
	struct self_case c = { .run = run_row };

	row = &rows[i];
	snprintf(c.name, sizeof(c.name), "%s", row->name);
	return c;
}

int main(void)
{
	return run_suite("selftests.merge", NULL);
}
