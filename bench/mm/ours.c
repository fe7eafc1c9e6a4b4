// SPDX-License-Identifier: MIT
/* ours.c - the simulator's side of bench_mm: 4 KiB pages, four levels, no oracles. */
#include <stdio.h>
#include <stdlib.h>

#include "mm/lru.h"
#include "mm/mm_types.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "mmu/frame.h"

#include <faultline/faultline.h>
#include <faultline/gup.h>
#include <faultline/ksm.h>
#include <faultline/machine.h>
#include <faultline/mm.h>

/* Last: its variables have the names of many parameters. */
#include "bench.h"

#define PAGE 4096u
#define WORD 8u
#define BATCH 256u

static struct fl_machine *machine;
struct fl_cpu *cpu;
struct fl_mm *mm;
static fl_vaddr range;

/* As the host: x86 flushes by interrupt. */
int make_machine(uint64_t frames, const char *set)
{
	struct fl_machine_config config = { .frames = frames, .no_oracles = 1 };
	struct fl_policy *policy;
	char err[256];
	int ret = fl_policy_create(&policy, "6.12", set, err, sizeof(err));

	if (ret)
		return ret;
	config.policy = policy;
	ret = fl_machine_create(&machine, &config);
	fl_policy_free(policy);
	if (ret)
		return ret;
	cpu = fl_machine_cpu(machine, 0);
	ret = fl_mm_create(&mm, machine);
	if (ret) {
		fl_machine_destroy(machine);
		return ret;
	}
	fl_switch_mm(cpu, mm);
	return fl_cpu_bind(cpu);
}

void end_machine(void)
{
	fl_mm_destroy(mm);
	fl_cpu_unbind(cpu);
	fl_machine_destroy(machine);
	machine = NULL;
}

int touch(uint64_t addr, size_t pages)
{
	int err = 0;

	for (size_t i = 0; !err && i < pages; i++)
		err = fl_store(cpu, addr + i * PAGE, 1);
	return err;
}

/* --- loads --- */

/* Each word of the ring has the address of the next: loads depend on each other. */
static int write_ring(size_t n, size_t step, bool spread)
{
	size_t *next = malloc(n * sizeof(*next));
	int err = next ? 0 : -1;

	if (next)
		make_ring(next, n);
	for (size_t i = 0; !err && i < n; i++)
		err = fl_store(cpu, range + i * step + (spread ? line_of(i) : 0),
			       range + next[i] * step + (spread ? line_of(next[i]) : 0));
	free(next);
	return err;
}

static double run_ring(void)
{
	uint64_t addr = range;
	double start = now_ns();

	for (size_t i = 0; i < amounts.loads; i++) {
		if (fl_load(&addr, cpu, addr))
			return -1;
	}
	return (now_ns() - start) / (double)amounts.loads;
}

static int begin_hit_with(const char *set)
{
	int err = make_machine(64, set);

	if (!err)
		err = fl_mmap_anon(&range, mm, 1, FL_READ | FL_WRITE);
	return err ? err : write_ring(PAGE / 64, 64, false);
}

static int begin_hit(void)
{
	return begin_hit_with("tlb_flush=ipi");
}

static int begin_hit_broadcast(void)
{
	return begin_hit_with("tlb_flush=broadcast");
}

static double run_hit_independent(void)
{
	uint64_t word, sum = 0;
	double start = now_ns();

	for (size_t i = 0; i < amounts.loads; i++) {
		if (fl_load(&word, cpu, range + i % (PAGE / WORD) * WORD))
			return -1;
		sum += word;
	}
	return sum ? (now_ns() - start) / (double)amounts.loads : -1;
}

const struct side ours_hit = { begin_hit, run_ring, end_machine };
const struct side ours_hit_broadcast = { begin_hit_broadcast, run_ring, end_machine };
const struct side ours_hit_independent = { begin_hit, run_hit_independent, end_machine };

static int begin_miss_in(size_t pages)
{
	int err = make_machine(pages + 64, "tlb_flush=ipi");

	if (!err)
		err = fl_mmap_anon(&range, mm, pages, FL_READ | FL_WRITE);
	return err ? err : write_ring(pages, PAGE, true);
}

static int begin_miss(void)
{
	return begin_miss_in(amounts.walk_pages);
}

static int begin_miss_far(void)
{
	return begin_miss_in(amounts.far_pages);
}

const struct side ours_miss = { begin_miss, run_ring, end_machine };
const struct side ours_miss_far = { begin_miss_far, run_ring, end_machine };

/* --- faults --- */

static int begin_fault(void)
{
	return make_machine(amounts.pages + 64, "tlb_flush=ipi");
}

static double run_fault(void)
{
	double start, end;

	if (fl_mmap_anon(&range, mm, amounts.pages, FL_READ | FL_WRITE))
		return -1;
	start = now_ns();
	if (touch(range, amounts.pages))
		return -1;
	end = now_ns();
	if (fl_munmap(mm, range, amounts.pages))
		return -1;
	return (end - start) / (double)amounts.pages;
}

const struct side ours_fault = { begin_fault, run_fault, end_machine };

static int begin_cow(void)
{
	return make_machine(2 * amounts.pages + 64, "tlb_flush=ipi");
}

/*
 * Pages that a write has to copy, without fork(): read-only, not exclusive, and somebody has a
 * reference.
 */
static int share(struct page **pages)
{
	for (size_t i = 0; i < amounts.pages; i++) {
		fl_vaddr addr = range + i * PAGE;
		pmd_t *pmdp = pmd_offset_lockless(machine, mm->mm.pgd, addr);

		if (fl_ksm_write_protect(cpu, mm, addr))
			return -1;
		pages[i] = pfn_to_page(machine, pte_pfn(*pte_offset_map(machine, *pmdp, addr)));
		get_page(pages[i]);
	}
	return 0;
}

static double run_cow(void)
{
	struct page **pages = calloc(amounts.pages, sizeof(struct page *));
	double start, ns = -1;

	if (!pages || fl_mmap_anon(&range, mm, amounts.pages, FL_READ | FL_WRITE) ||
	    touch(range, amounts.pages))
		goto out;
	lru_add_drain(machine);
	if (share(pages))
		goto out;
	start = now_ns();
	if (touch(range, amounts.pages))
		goto out;
	ns = (now_ns() - start) / (double)amounts.pages;
	for (size_t i = 0; i < amounts.pages; i++) {
		if (page_count(pages[i]) != 1) /* it was not copied */
			ns = -1;
		put_page(machine, pages[i]);
	}
	if (fl_munmap(mm, range, amounts.pages))
		ns = -1;
out:
	free(pages);
	return ns;
}

const struct side ours_cow = { begin_cow, run_cow, end_machine };

/* --- pins --- */

static int begin_gup(void)
{
	int err = make_machine(amounts.pages + 64, "tlb_flush=ipi");

	if (!err)
		err = fl_mmap_anon(&range, mm, amounts.pages, FL_READ | FL_WRITE);
	return err ? err : touch(range, amounts.pages);
}

static double run_gup(void)
{
	struct fl_pin pins[BATCH];
	double ns = 0, start;
	size_t done = 0;

	for (; done + BATCH <= amounts.pages; done += BATCH) {
		start = now_ns();
		if (fl_pin_user_pages_fast(cpu, range + done * PAGE, BATCH, 0, pins) != BATCH)
			return -1;
		ns += now_ns() - start;
		for (size_t i = 0; i < BATCH; i++)
			fl_unpin(cpu, &pins[i]);
	}
	return ns / (double)done;
}

const struct side ours_gup = { begin_gup, run_gup, end_machine };

/* --- mappings --- */

/* Neighbours that can't be merged. Not by fl_mmap(), so that this does not depend on its search. */
static int link_vma(fl_vaddr start, unsigned long flags)
{
	struct vm_area_struct *vma;
	int err = -1;

	mmap_write_lock(&mm->mm);
	vma = vm_area_alloc(&mm->mm, start, start + PAGE, VM_MAYREAD | VM_MAYWRITE | flags);
	if (vma)
		err = vma_link(&mm->mm, vma);
	mmap_write_unlock(&mm->mm);
	return err;
}

static int begin_mmap(void)
{
	int err = make_machine(64, "tlb_flush=ipi");

	for (size_t i = 1; !err && i <= amounts.vmas; i++)
		err = link_vma(i * PAGE, i % 2 ? VM_READ : VM_READ | VM_WRITE);
	return err;
}

static double run_mmap(void)
{
	enum { PAIRS = 2000, SHORT = 100000000 };
	double start = now_ns(), ns = 0;
	int i;

	for (i = 0; i < PAIRS && ns < SHORT; i++) {
		if (fl_mmap_anon(&range, mm, 1, 0) || fl_munmap(mm, range, 1))
			return -1;
		if (i % 16 == 15)
			ns = now_ns() - start;
	}
	return (now_ns() - start) / i;
}

const struct side ours_mmap = { begin_mmap, run_mmap, end_machine };

/* Bytes per frame beside its contents, in a large machine. */
double ours_metadata(void)
{
	const double frames = 1 << 20;

	return sizeof(struct page) + sizeof(struct mem_section) / frames;
}
