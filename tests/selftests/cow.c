// SPDX-License-Identifier: MIT
/*
 * cow.c - what selftests/mm/cow.c checks, written anew: 14 cases for anonymous memory of each kind, the four about
 * collapsing, and three for the zero page, shared memory and a file. 37 of them are about base pages. Every release runs
 * every case; the tables say which fail and why that is right.
 */
#include "process.h"

#define OLD 10 /* what the memory has before the case begins */
#define NEW 20
#define MAX_PAGES 4

static fl_vaddr mem;
static size_t pages; /* 1, or a huge page's */
static struct fl_pipe *pipe_;

static void fill_all(struct process *p, uint64_t word)
{
	for (size_t i = 0; i < pages; i++)
		fill(p, mem + i * PAGE, word + 2 * i);
}

static bool all_read(struct process *p, uint64_t word)
{
	for (size_t i = 0; i < pages; i++)
		if (!reads(p, mem + i * PAGE, word + 2 * i))
			return false;
	return true;
}

/* --- a child, and later writes of the parent --- */

static void new_pipe(void)
{
	ck_assert_int_eq(fl_pipe_create(&pipe_, machine, 0), 0);
}

static void splice(struct process *p)
{
	ck_assert_int_eq(fl_vmsplice(p->cpu, pipe_, mem, pages), pages);
}

static void pipe_still_has(uint64_t word)
{
	for (size_t i = 0; i < pages; i++, word += 2) {
		uint64_t words[2] = { 0 };

		ck_assert_int_eq(fl_pipe_read(words, pipe_), 0);
		holds(words[0] == word && words[1] == word + 1,
		      "the pipe has what was written later");
	}
	fl_pipe_close(pipe_);
}

static void read_and_write_again(struct process *p)
{
	protect(p, mem, pages, FL_READ);
	protect(p, mem, pages, RW);
}

static void cow_in_parent(bool mprotect)
{
	fork_child();
	if (mprotect)
		read_and_write_again(&parent);
	fill_all(&parent, NEW);
	holds(all_read(&child, OLD), "the child sees what the parent wrote");
	holds(all_read(&parent, NEW), "the parent does not see what it wrote");
}

static void basic_cow(void)
{
	cow_in_parent(false);
}

static void basic_cow_mprotect(void)
{
	cow_in_parent(true);
}

static void vmsplice_in_child_of(bool mprotect)
{
	fork_child();
	new_pipe();
	ck_assert(all_read(&child, OLD));
	splice(&child);
	unmap(&child, mem, pages);
	if (mprotect)
		read_and_write_again(&parent);
	fill_all(&parent, NEW);
	pipe_still_has(OLD);
}

static void vmsplice_in_child(void)
{
	vmsplice_in_child_of(false);
}

static void vmsplice_in_child_mprotect(void)
{
	vmsplice_in_child_of(true);
}

static void vmsplice_in_parent(bool before_fork)
{
	new_pipe();
	if (before_fork)
		splice(&parent);
	fork_child();
	if (!before_fork)
		splice(&parent);
	unmap(&parent, mem, pages);
	fill_all(&child, NEW);
	pipe_still_has(OLD);
	holds(all_read(&child, NEW), "the child does not see what it wrote");
}

static void vmsplice_before_fork(void)
{
	vmsplice_in_parent(true);
}

static void vmsplice_after_fork(void)
{
	vmsplice_in_parent(false);
}

/* --- long-term pins for writing --- */

static struct fl_buffer *buffer;

static void register_buffer(void)
{
	ck_assert_int_eq(fl_buffer_register(&buffer, parent.cpu, mem, pages), 0);
}

/* The device reads what the program writes, and the other way round. */
static void write_and_compare_buffer(void)
{
	fill_all(&parent, NEW);
	for (size_t i = 0; i < pages; i++) {
		holds(fl_buffer_load(buffer, i, 0) == NEW + 2 * i &&
			      fl_buffer_load(buffer, i, 1) == NEW + 2 * i + 1,
		      "the device does not see what the program wrote");
		fl_buffer_store(buffer, i, 1, NEW + 100);
		holds(load(&parent, mem + i * PAGE + 8) == NEW + 100,
		      "the program does not see what the device wrote");
	}
	fl_buffer_unregister(parent.cpu, buffer);
}

/* Soft-dirty tracking keeps mprotect() from mapping it writable at once. */
static void make_entry_read_only(void)
{
	protect(&parent, mem, pages, FL_READ);
	clear_soft_dirty(&parent);
	protect(&parent, mem, pages, RW);
}

static void write_pin_of_read_only_entry(void)
{
	register_buffer();
	make_entry_read_only();
	write_and_compare_buffer();
}

static void write_pin_and_fork(void)
{
	register_buffer();
	fork_child();
	write_and_compare_buffer();
	holds(all_read(&child, OLD), "the child sees what the parent wrote");
}

/* --- long-term pins for reading --- */

static void read_pin(bool fast)
{
	unsigned int flags = FL_GUP_LONGTERM;
	struct fl_pin pins[MAX_PAGES];
	long n;

	if (fast)
		n = fl_pin_user_pages_fast(parent.cpu, mem, pages, flags, pins);
	else
		n = fl_pin_user_pages(parent.cpu, parent.mm, mem, pages, flags, pins);
	ck_assert_int_eq(n, pages);
	fill_all(&parent, NEW);
	for (size_t i = 0; i < pages; i++) {
		holds(fl_pin_load(&pins[i], 0) == NEW + 2 * i &&
			      fl_pin_load(&pins[i], 1) == NEW + 2 * i + 1,
		      "the device does not see what the program wrote");
		fl_unpin(parent.cpu, &pins[i]);
	}
}

static void read_pin_of_shared(bool fast)
{
	fork_child();
	read_pin(fast);
	holds(all_read(&child, OLD), "the child sees what the parent wrote");
}

static void slow_pin_of_shared(void)
{
	read_pin_of_shared(false);
}

static void fast_pin_of_shared(void)
{
	read_pin_of_shared(true);
}

static void read_pin_of_once_shared(bool fast)
{
	fork_child();
	child_exits();
	read_pin(fast);
}

static void slow_pin_of_once_shared(void)
{
	read_pin_of_once_shared(false);
}

static void fast_pin_of_once_shared(void)
{
	read_pin_of_once_shared(true);
}

/* Nobody else has the page: neither the pin nor the write has a reason to copy it. */
static void read_pin_of_exclusive(bool fast)
{
	struct fl_counters before, after;

	make_entry_read_only();
	fl_inspect_counters(&before, machine);
	read_pin(fast);
	fl_inspect_counters(&after, machine);
	holds(before.cow_copies == after.cow_copies, "a page that was nobody else's was copied");
}

static void slow_pin_of_exclusive(void)
{
	read_pin_of_exclusive(false);
}

static void fast_pin_of_exclusive(void)
{
	read_pin_of_exclusive(true);
}

/*
 * Who fails, and why. One mapping is one owner: the pipe's reference does not count, nor does a pin (CVE-2020-29374). 5.8
 * breaks COW for who takes a reference; a page that was referenced before fork is reused all the same. One reference is one
 * owner: a pin counts, and the next write through a read-only entry leaves the pinned page.
 *
 * 09854ba94c6a (5.9) changed do_wp_page() alone: do_swap_page() and do_huge_pmd_wp_page() went on asking for mappings up to
 * 5.17. So what 5.9 broke for pins is seen in huge pages in 5.18 alone.
 */
#define ONE_MAPPING "4.8 5.7"
#define ONE_MAPPING_5_8 "4.8 5.7 5.8"
#define ONE_MAPPING_5_17 "4.8 5.7 5.9 5.11 5.12"
#define ONE_MAPPING_5_8_5_17 "4.8 5.7 5.8 5.9 5.11 5.12"
#define ONE_REFERENCE "5.9 5.11 5.12 5.18"
#define NO_UNSHARE "4.8 5.7 5.9 5.11 5.12 5.18"

static const struct anon_case {
	const char *name;
	void (*run)(void);
	const char *base, *swapped,
		*huge; /* broken: a base page is there, was in swap; a PMD maps it */
} anon_cases[] = {
	{ "1 write after fork", basic_cow, NULL, NULL, NULL },
	{ "2 mprotect() and write after fork", basic_cow_mprotect, NULL, NULL, NULL },
	{ "3 vmsplice() and munmap() in the child", vmsplice_in_child, ONE_MAPPING,
	  ONE_MAPPING_5_17, ONE_MAPPING_5_17 },
	{ "4 the same, with mprotect() in the parent", vmsplice_in_child_mprotect, ONE_MAPPING,
	  ONE_MAPPING_5_17, ONE_MAPPING_5_17 },
	{ "5 vmsplice() before fork, munmap() after", vmsplice_before_fork, ONE_MAPPING_5_8,
	  ONE_MAPPING_5_8, ONE_MAPPING_5_8_5_17 },
	{ "6 vmsplice() and munmap() after fork", vmsplice_after_fork, ONE_MAPPING,
	  ONE_MAPPING_5_17, ONE_MAPPING_5_17 },
	{ "7 write pin, then a read-only entry", write_pin_of_read_only_entry, ONE_REFERENCE,
	  ONE_REFERENCE, "5.18" },
	{ "8 write pin, then fork", write_pin_and_fork, ONE_MAPPING_5_8, ONE_MAPPING_5_8,
	  ONE_MAPPING_5_8 },
	{ "9 read pin of a page that a child shares", slow_pin_of_shared, NO_UNSHARE, NO_UNSHARE,
	  NO_UNSHARE },
	{ "10 the same, fast", fast_pin_of_shared, NO_UNSHARE, NO_UNSHARE, NO_UNSHARE },
	{ "11 read pin of a page that a child shared", slow_pin_of_once_shared, ONE_REFERENCE,
	  ONE_REFERENCE, "5.18" },
	{ "12 the same, fast", fast_pin_of_once_shared, ONE_REFERENCE, ONE_REFERENCE, "5.18" },
	{ "13 read pin of an exclusive page, entry read-only", slow_pin_of_exclusive, ONE_REFERENCE,
	  ONE_REFERENCE, "5.18" },
	{ "14 the same, fast", fast_pin_of_exclusive, ONE_REFERENCE, ONE_REFERENCE, "5.18" },
};

#define NR_ANON ((int)(sizeof(anon_cases) / sizeof(anon_cases[0])))

/* HUGE_SPLIT: base entries map a huge page. HUGE_LEFT: one does, the rest is unmapped. */
enum kind { BASE, SWAPPED, HUGE, HUGE_SPLIT, HUGE_LEFT, NR_KINDS };

static const char *const kind_names[] = {
	"base page",
	"base page that was in swap",
	"huge page",
	"huge page, mapped by base entries",
	"huge page, of which one base page is left",
};
static const struct anon_case *anon_now;
static enum kind kind;

static bool is_huge(fl_vaddr addr)
{
	struct fl_pte_info info;

	ck_assert_int_eq(fl_inspect_pte(&info, parent.mm, addr), 0);
	return info.huge;
}

/* Where a huge page fits. */
static void map_aligned(void)
{
	pages = fl_hpage_pages(machine);
	ck_assert_uint_eq(pages, MAX_PAGES);
	mem = map_anon(&parent, 2 * pages, RW);
	mem = (mem + pages * PAGE - 1) / (pages * PAGE) * (pages * PAGE);
}

static void run_anon(void)
{
	if (kind < HUGE) {
		pages = 1;
		mem = map_anon(&parent, 1, RW);
	} else {
		map_aligned();
		advise(&parent, mem, pages, FL_MADV_HUGEPAGE);
	}
	fill_all(&parent, OLD);
	ck_assert_int_eq(is_huge(mem), kind >= HUGE);
	if (kind == SWAPPED)
		swap_out(&parent, mem);
	if (kind > HUGE) {
		protect(&parent, mem, 1, FL_READ);
		protect(&parent, mem, 1, RW);
		ck_assert(!is_huge(mem));
	}
	if (kind == HUGE_LEFT) {
		unmap(&parent, mem + PAGE, pages - 1);
		pages = 1;
	}
	anon_now->run();
}

/* --- collapsing what is shared --- */

static enum { UNSHARED, SHARED, LOWER_SHARED, UPPER_SHARED, NR_SHARES } share;

static const char *const share_names[] = { "nothing is shared yet", "all is shared",
					   "the lower half is shared", "the upper half is shared" };

static void collapse(void)
{
	/* With no writable entry there is nothing to be gained, kernels say. */
	int want = share == SHARED ? -EINVAL : 0;

	ck_assert_int_eq(fl_madvise(parent.mm, mem, pages, FL_MADV_COLLAPSE), want);
	ck_assert_int_eq(is_huge(mem), !want);
}

/* There is no MADV_DONTFORK: the child drops a half, and the parent has that for itself again. */
static void unshare_half(fl_vaddr half)
{
	unmap(&child, half, pages / 2);
	for (size_t i = 0; i < pages / 2; i++)
		fill(&parent, half + i * PAGE, load(&parent, half + i * PAGE));
}

static void run_collapse(void)
{
	fl_vaddr upper;

	map_aligned();
	upper = mem + pages / 2 * PAGE;
	fill_all(&parent, OLD);
	if (share == UNSHARED)
		collapse();
	fork_child();
	if (share == LOWER_SHARED)
		unshare_half(upper);
	if (share == UPPER_SHARED)
		unshare_half(mem);
	if (share != UNSHARED)
		collapse();
	fill_all(&parent, NEW);
	holds(all_read(&parent, NEW), "the parent does not see what it wrote");
	for (size_t i = 0; i < pages; i++)
		if (!(share == LOWER_SHARED && i >= pages / 2) &&
		    !(share == UPPER_SHARED && i < pages / 2))
			holds(reads(&child, mem + i * PAGE, OLD + 2 * i),
			      "the child sees what the parent wrote");
}

/* --- pages that are not anonymous --- */

static fl_vaddr smem; /* another mapping of the same */

static void private_write(void)
{
	fill(&parent, mem, NEW);
	holds(load(&parent, smem) == 0 && load(&parent, smem + 8) == 0,
	      "the other mapping sees what was written to the private one");
	holds(reads(&parent, mem, NEW), "the program does not see what it wrote");
}

static void slow_pin_of_other(void)
{
	read_pin(false);
	holds(load(&parent, smem) == 0, "the other mapping sees what was written");
}

static void fast_pin_of_other(void)
{
	read_pin(true);
	holds(load(&parent, smem) == 0, "the other mapping sees what was written");
}

static const struct other_case {
	const char *name;
	void (*run)(void);
} other_cases[] = {
	{ "N1 write to a private mapping", private_write },
	{ "N2 read pin of a private mapping", slow_pin_of_other },
	{ "N3 the same, fast", fast_pin_of_other },
};

#define NR_OTHER ((int)(sizeof(other_cases) / sizeof(other_cases[0])))

enum backing { ZERO_PAGE, MEMFD, REGULAR_FILE, NR_BACKINGS };

static const char *const backing_names[] = { "the zero page", "memfd", "a file" };
static const struct other_case *other_now;
static enum backing backing;

static void run_other(void)
{
	struct fl_file *file = NULL;

	pages = 1;
	if (backing == ZERO_PAGE) {
		mem = map_anon(&parent, 1, RW);
		smem = map_anon(&parent, 1, FL_READ);
	} else {
		enum fl_file_kind of = backing == MEMFD ? FL_FILE_SHMEM : FL_FILE_REGULAR;

		ck_assert_int_eq(fl_file_create(&file, machine, of, 1, 0), 0);
		mem = map_file(&parent, 1, RW, 0, file);
		smem = map_file(&parent, 1, FL_READ, FL_MAP_SHARED, file);
		fl_file_put(file);
	}
	ck_assert_uint_eq(load(&parent, mem) + load(&parent, smem), 0);
	ck_assert(populated(&parent, mem) && populated(&parent, smem));
	ck_assert_uint_eq(FL_PM_PFN(pagemap_of(&parent, mem)),
			  FL_PM_PFN(pagemap_of(&parent, smem)));
	other_now->run();
	unmap(&parent, mem, 1);
	unmap(&parent, smem, 1);
}

static struct fl_machine_config config = { .swap_slots = 8, .huge_pages = 8 };

#define ALL_ANON (NR_KINDS * NR_ANON)

static const int nr_cases = ALL_ANON + NR_SHARES + NR_BACKINGS * NR_OTHER;

static struct self_case case_of(int i)
{
	struct self_case c = { .run = NULL };

	if (i < ALL_ANON) {
		anon_now = &anon_cases[i / NR_KINDS];
		kind = (enum kind)(i % NR_KINDS);
		c.run = run_anon;
		c.broken = kind == SWAPPED ? anon_now->swapped
			   : kind == HUGE  ? anon_now->huge
					   : anon_now->base;
		snprintf(c.name, sizeof(c.name), "%s, %s", anon_now->name, kind_names[kind]);
		return c;
	}
	i -= ALL_ANON;
	if (i < NR_SHARES) {
		share = i;
		c.run = run_collapse;
		snprintf(c.name, sizeof(c.name), "T%d collapse, %s", i + 1, share_names[i]);
		return c;
	}
	i -= NR_SHARES;
	other_now = &other_cases[i / NR_BACKINGS];
	backing = (enum backing)(i % NR_BACKINGS);
	c.run = run_other;
	snprintf(c.name, sizeof(c.name), "%s, %s", other_now->name, backing_names[backing]);
	return c;
}

int main(void)
{
	return run_suite("selftests.cow", NULL);
}
