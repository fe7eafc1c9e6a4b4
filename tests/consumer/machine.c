/* SPDX-License-Identifier: MIT */
/*
 * machine.c - an outside program for the native engine: two threads, a CPU each, one address space.
 *
 * Each writes its own half of a range and pins a page of it; the device behind the pin must see what
 * the program wrote. It exits 0 if all is as written and nothing is left over.
 */
#include <pthread.h>
#include <stdio.h>

#include <faultline/faultline.h>
#include <faultline/version.h>

#define PAGES 64

/*
 * A name of the kernel's, and of a function inside the library: the two must not meet, which the linker
 * would report as a second definition or, worse, would resolve to this one.
 */
int handle_mm_fault(void);
int handle_mm_fault(void)
{
	return 0;
}

struct half {
	struct fl_cpu *cpu;
	struct fl_mm *mm;
	fl_vaddr range;
	uint64_t failures;
};

static void *fill(void *arg)
{
	struct half *h = arg;
	struct fl_pin pin;
	uint64_t word;
	size_t i;

	if (fl_cpu_bind(h->cpu)) {
		h->failures++;
		return NULL;
	}
	fl_switch_mm(h->cpu, h->mm);
	for (i = 0; i < PAGES / 2; i++) {
		fl_vaddr addr = fl_page(h->cpu, h->range, i);

		if (fl_store(h->cpu, addr, addr + 1) || fl_load(&word, h->cpu, addr) ||
		    word != addr + 1)
			h->failures++;
	}
	if (fl_pin_user_pages_fast(h->cpu, h->range, 1, FL_GUP_WRITE, &pin) == 1) {
		if (fl_pin_load(&pin, 0) != h->range + 1)
			h->failures++;
		fl_unpin(h->cpu, &pin);
	} else {
		h->failures++;
	}
	fl_switch_mm(h->cpu, NULL);
	fl_cpu_unbind(h->cpu);
	return NULL;
}

int main(void)
{
	struct fl_machine_config config = { .cpus = 2 };
	struct half half[2] = { 0 };
	struct fl_machine *m;
	struct fl_mm *mm;
	pthread_t thread[2];
	fl_vaddr range;
	uint64_t frames, failures = 0;
	int i;

	if (fl_machine_create(&m, &config))
		return 1;
	frames = fl_machine_free_frames(m);
	if (fl_mm_create(&mm, m) || fl_mmap_anon(&range, mm, PAGES, FL_READ | FL_WRITE))
		return 1;
	for (i = 0; i < 2; i++) {
		half[i].cpu = fl_machine_cpu(m, i);
		half[i].mm = mm;
		half[i].range = range + i * (PAGES / 2) * fl_machine_page_size(m);
		if (pthread_create(&thread[i], NULL, fill, &half[i]))
			return 1;
	}
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		failures += half[i].failures;
	}
	fl_mm_destroy(mm);
	if (fl_machine_free_frames(m) != frames)
		failures++;
	fl_machine_destroy(m);
	printf("Faultline %s: %d pages by 2 CPUs, %llu failures\n", FL_VERSION, PAGES,
	       (unsigned long long)failures);
	return failures != 0;
}
