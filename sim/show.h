/* SPDX-License-Identifier: MIT */
/* show.h - between the files of faultline show. */
#ifndef FL_SIM_SHOW_H
#define FL_SIM_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include <faultline/policy.h>

/* The profile of "6.0" or "linux-6.0"; NULL: there is none. */
const struct fl_policy_profile *show_find_release(const char *name);
/* Is @name meant for a release that there is none of? True after an error message. */
bool show_is_release(const char *name);
void show_release(const struct fl_policy_profile *profile);
void show_release_json(const struct fl_policy_profile *profile);

/* The policy field @name and its number; NULL: there is none. */
const struct fl_policy_field *show_find_field(const char *name, size_t *number);
/* The value that release number @release gives field number @field. */
const struct fl_policy_value *show_value_in(size_t release, size_t field);
void show_field(size_t field);
void show_field_json(size_t field);

#endif
