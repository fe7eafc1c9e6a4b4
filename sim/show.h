/* SPDX-License-Identifier: MIT */
/* show.h - between the files of faultline show. */
#ifndef FL_SIM_SHOW_H
#define FL_SIM_SHOW_H

#include <stdbool.h>

#include <faultline/policy.h>

/* The profile of "6.0" or "linux-6.0"; NULL: there is none. */
const struct fl_policy_profile *show_find_release(const char *name);
/* Is @name meant for a release that there is none of? True after an error message. */
bool show_is_release(const char *name);
void show_release(const struct fl_policy_profile *profile);
void show_release_json(const struct fl_policy_profile *profile);

#endif
