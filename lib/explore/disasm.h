/* SPDX-License-Identifier: MIT */
/* disasm.h - Capstone, for those who look at the code of threads. */
#ifndef FL_DISASM_H
#define FL_DISASM_H

#include <stdbool.h>

#include <capstone/capstone.h>

/* False: not for this machine. To be closed by cs_close(). */
static inline bool disasm_open(csh *decoder)
{
#if defined(__x86_64__)
	if (cs_open(CS_ARCH_X86, CS_MODE_64, decoder) != CS_ERR_OK)
		return false;
	return cs_option(*decoder, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK;
#else
	(void)decoder;
	return false;
#endif
}

#endif
