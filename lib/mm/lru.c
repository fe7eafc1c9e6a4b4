// SPDX-License-Identifier: MIT
/*
 * lru.c - pages on their way to the LRU.
 *
 * State: per CPU a batch of at most machine->lru_batch pages, each with a reference of the batch's and
 * without PG_lru. Guarded by the batch's lock, which is the CPU's own business but for
 * lru_add_drain_all().
 *
 * A new page is not put on the LRU at once: that would take the LRU's lock for each page. Meanwhile it
 * has one reference more than it has users, which who counts references can't tell from a stranger's:
 *
 *   5.9 to 5.17   the first write after a fork, say, copies a page that nobody else has
 *   from 5.18 on  do_wp_page() empties its own CPU's batch first. The batch of another CPU is not in
 *                 its reach, and makes it copy still
 *
 * The kernel's batches have no lock: each is touched by its CPU alone, and lru_add_drain_all() asks all
 * CPUs to empty theirs. Here whoever asks does it, hence the lock.
 *
 * Models: folio_add_lru(), lru_add_drain(), lru_add_drain_all(), mm/swap.c, Linux 5.18; of the LRU
 * itself there is PG_lru alone.
 * Policy: none; the machine's lru_batch.
 */
#include "mm/lru.h"

#include "mmu/frame.h"

#include <errno.h>

struct lru_batch {
	spinlock_t lock;
	unsigned int nr;
	struct page *pages[];
};

/* With the lock held. Each page is on the LRU before the batch's reference goes: 5.18 relies on it. */
static void drain(struct fl_machine *m, struct lru_batch *batch)
{
	while (batch->nr > 0) {
		struct page *page = batch->pages[--batch->nr];

		SetPageLRU(page);
		put_page(m, page);
	}
}

void lru_cache_add(struct fl_machine *m, struct page *page)
{
	struct lru_batch *batch = this_cpu(m)->lru;

	if (!batch) {
		SetPageLRU(page);
		return;
	}
	get_page(page);
	spin_lock(&batch->lock);
	batch->pages[batch->nr++] = page;
	if (batch->nr == m->lru_batch)
		drain(m, batch);
	spin_unlock(&batch->lock);
}

static void drain_cpu(struct fl_cpu *cpu)
{
	spin_lock(&cpu->lru->lock);
	drain(cpu->machine, cpu->lru);
	spin_unlock(&cpu->lru->lock);
}

void lru_add_drain(struct fl_machine *m)
{
	if (m->lru_batch)
		drain_cpu(this_cpu(m));
}

void lru_add_drain_all(struct fl_machine *m)
{
	for (unsigned int i = 0; m->lru_batch && i < m->nr_cpus; i++)
		drain_cpu(&m->cpus[i]);
}

int lru_init(struct fl_cpu *cpu)
{
	unsigned int n = cpu->machine->lru_batch;

	if (!n)
		return 0;
	cpu->lru = mm_zalloc_aligned(FL_ALLOC_MACHINE,
				     sizeof(struct lru_batch) + n * sizeof(struct page *), 64);
	return cpu->lru ? 0 : -ENOMEM;
}

void lru_exit(struct fl_cpu *cpu)
{
	fl_free(cpu->lru);
}
