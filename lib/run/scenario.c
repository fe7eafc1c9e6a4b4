// SPDX-License-Identifier: MIT
/*
 * scenario.c - the registry: a list of scenarios in the order of their names.
 *
 * Filled before main() by the constructors of FL_SCENARIO(), one after the other; constant from
 * then on.
 */
#include <faultline/scenario.h>

#include <string.h>

static struct fl_scenario *scenarios;

void fl_scenario_register(struct fl_scenario *s)
{
	struct fl_scenario **link = &scenarios;

	while (*link && strcmp((*link)->name, s->name) < 0)
		link = &(*link)->next;
	s->next = *link;
	*link = s;
}

const struct fl_scenario *fl_scenario_first(void)
{
	return scenarios;
}

const struct fl_scenario *fl_scenario_find(const char *name)
{
	const struct fl_scenario *s = scenarios;

	while (s && strcmp(s->name, name))
		s = s->next;
	return s;
}
