/* SPDX-License-Identifier: MIT */
/* label.h - memory of what threads do: struct label (graph.h) and the texts that they point to. */
#ifndef FL_LABEL_H
#define FL_LABEL_H

#include "graph.h"

/* Zeroed; lives until label_forget(). */
struct label *label_new(void);
/* Copies that live until label_forget(). */
const char *label_text(const char *s);
const struct deed *label_deeds(const struct deed *d, int n);
void label_forget(void);

#endif
