/* SPDX-License-Identifier: MIT */
/*
 * view.h - what user space can see: of a call, and of all processes after it. Both sides fill in the same structs.
 */
#ifndef FL_DIFFERENTIAL_VIEW_H
#define FL_DIFFERENTIAL_VIEW_H

#include "script.h"

/* What a call answered. */
struct result {
	bool skipped;	 /* the process is not there, or the like: on both sides nothing was done */
	int64_t ret;	 /* of a call that maps: a page of the window, or OUTSIDE */
	int err;	 /* 0, or errno */
	int signo, code; /* of an access that failed */
	int at;		 /* the page that the signal was about */
	int faults;	 /* that an access took which did not fail; -1: not counted */
	unsigned int nr_words;
	uint64_t word[2 * WINDOW_PAGES]; /* that were read */
};
#define OUTSIDE 1000 /* mapped elsewhere, and unmapped by the harness */

/* Of a page, for page_view.flags. */
enum {
	V_PRESENT = 1,	 /* pagemap */
	V_SWAPPED = 2,	 /* or a marker */
	V_EXCLUSIVE = 4, /* mapped once */
	V_UFFD_WP = 8,
	V_FILE = 0x10,
	V_ZERO = 0x20, /* kpageflags */
	V_ANON = 0x40,
	V_KSM = 0x80,
	V_ANON_EXCLUSIVE = 0x100,
	V_READ = 0x200,	    /* the words are its content */
	V_REPLACED = 0x400, /* there was another frame before the call, and nothing else between */
};

struct page_view {
	uint32_t flags;
	uint32_t mapcount; /* kpagecount; 0 for the zero page */
	uint64_t frame; /* of present pages, but for the zero page; after view_rename() 1, 2, ... */
	uint64_t word[WORDS];
};

struct vma_view {
	uint32_t start, end; /* pages of the window */
	uint32_t prot, shared;
	uint64_t file;	 /* 0: none; after view_rename() 1, 2, ... */
	uint64_t offset; /* in pages, of files */
};

struct process_view {
	bool alive;
	struct page_view page[WINDOW_PAGES];
	uint32_t nr_vmas;
	struct vma_view vma[WINDOW_PAGES];
};

struct view {
	struct process_view process[PROCESSES];
};

/* What can be seen of pages at all. */
enum {
	SEE_FRAMES = 1,	  /* pagemap has their numbers */
	SEE_FLAGS = 2,	  /* kpageflags */
	SEE_MAPCOUNT = 4, /* kpagecount */
	SEE_SWAP = 16,	  /* no sight: the host has some, and so must the simulator */
	SEE_KSM = 32,	  /* the same: ksmd does what we say */
	SEE_REPLACED = 8, /* V_REPLACED: frames, remembered from step to step */
};

/* The frames after the step before; 0: none. And has the process some of KSM's? */
struct memory {
	uint64_t frame[PROCESSES][WINDOW_PAGES];
	bool merged[PROCESSES];
};

/*
 * Sets V_REPLACED, and remembers. Before view_rename(). @step can have unmapped pages and mapped others there: then frames that
 * are free again may come back, or not.
 */
void view_note_replaced(struct view *view, struct memory *memory, const struct step *step);

/* Takes out what can't be seen, and names frames and files in the order of their first appearance. */
void view_rename(struct view *view, unsigned int see);
/* True: they are alike. */
bool compare(const struct result *host, const struct result *ours, const struct view *host_view,
	     const struct view *our_view);
/* The first few differences in words, one line each. */
void compare_explain(FILE *f, const struct result *host, const struct result *ours,
		     const struct view *host_view, const struct view *our_view);
/* "3, ENOMEM", "SIGSEGV SEGV_MAPERR at page 3" */
void result_print(char *text, size_t size, const struct result *result);
/* "present anon exclusive frame 3 mapped 1 words 5 0" */
void page_print(char *text, size_t size, const struct page_view *page);
void vma_print(char *text, size_t size, const struct vma_view *vma);

#endif
