/* SPDX-License-Identifier: MIT */
/*
 * site.h - where in the source an access stands, and which step of a protocol it is.
 *
 * A trace reads like kernel code because each event carries the text of its expression. FL_STEP()
 * adds the label that the protocol's comment uses (A1, B3, ...):
 *
 *	entry = FL_STEP("A1", ptep_clear_flush(vma, address, ptep));
 *
 * evaluates to the expression's value (or to nothing if that is void). In a trace the first event
 * inside the step appears as "A1  ptep_clear_flush(vma, address, ptep)". Steps nest; the outermost
 * one names the line. The native engine compiles FL_STEP() to the bare expression.
 */
#ifndef FAULTLINE_RT_SITE_H
#define FAULTLINE_RT_SITE_H

struct fl_site {
	const char *file;
	const char *func;
	const char *text;
	int line;
	const char *label; /* steps only: "A1" */
};

#define FL_SITE_LABELLED(lbl, txt)                                                                 \
	({                                                                                         \
		static const struct fl_site fl_site__ = {                                          \
			.file = __FILE__,                                                          \
			.func = __func__,                                                          \
			.text = (txt),                                                             \
			.line = __LINE__,                                                          \
			.label = (lbl),                                                            \
		};                                                                                 \
		&fl_site__;                                                                        \
	})
#define FL_SITE(txt) FL_SITE_LABELLED(0, txt)

#ifdef FAULTLINE_CHECK
struct fl_step {
	const struct fl_site *outer;
};
struct fl_step fl_step_push(const struct fl_site *site);
void fl_step_pop(struct fl_step *step);
#define FL_STEP(label, ...)                                                                        \
	({                                                                                         \
		struct fl_step fl_step__ __attribute__((cleanup(fl_step_pop), unused)) =           \
			fl_step_push(FL_SITE_LABELLED(label, #__VA_ARGS__));                       \
		__VA_ARGS__;                                                                       \
	})
#else
#define FL_STEP(label, ...) (__VA_ARGS__)
#endif

#endif
