/* SPDX-License-Identifier: MIT */
/*
 * fibre.c - the machine-dependent part of the engine: what a call must preserve, pushed on the old
 * stack and popped from the new one (System V AMD64 ABI 1.0; AAPCS64). Signal masks stay as they
 * are, which is what makes this fast.
 */
#define _GNU_SOURCE
#include "fibre.h"

#include <errno.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* What an abandoned fibre had on its stack would be held against the next one there. */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

#if defined(__x86_64__)
__asm__(".text\n"
	".p2align 4\n"
	".globl flx_fibre_switch_asm\n"
	".hidden flx_fibre_switch_asm\n"
	".type flx_fibre_switch_asm, @function\n"
	"flx_fibre_switch_asm:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size flx_fibre_switch_asm, . - flx_fibre_switch_asm\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".p2align 4\n"
	".globl flx_fibre_switch_asm\n"
	".hidden flx_fibre_switch_asm\n"
	".type flx_fibre_switch_asm, @function\n"
	"flx_fibre_switch_asm:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size flx_fibre_switch_asm, . - flx_fibre_switch_asm\n");
#else
#error "fibre.c: no context switch for this machine"
#endif

void flx_fibre_switch_asm(void **save, void *load);

void fibre_switch(void **save, void *load)
{
	flx_fibre_switch_asm(save, load);
}

/* The fibre that is about to start; the first switch to it finds its entry here. */
static struct fibre *starting;

static void trampoline(void)
{
	struct fibre *f = starting;

	f->entry(f->arg);
	__builtin_trap();
}

int fibre_create(struct fibre *f, size_t stack_size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	f->size = (stack_size + page - 1) / page * page + page;
	f->stack = mmap(NULL, f->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->stack == MAP_FAILED) {
		f->stack = NULL;
		return -ENOMEM;
	}
	mprotect(f->stack, page, PROT_NONE);
	return 0;
}

void fibre_destroy(struct fibre *f)
{
	if (f->stack)
		munmap(f->stack, f->size);
	f->stack = NULL;
}

void fibre_start(struct fibre *f, void (*entry)(void *arg), void *arg)
{
	uintptr_t *sp = (uintptr_t *)(f->stack + f->size);

	ASAN_UNPOISON_MEMORY_REGION(f->stack, f->size);
	f->entry = entry;
	f->arg = arg;
	starting = f;
#if defined(__x86_64__)
	*--sp = 0; /* keeps the stack aligned as after a call, and ends backtraces */
	*--sp = (uintptr_t)trampoline;
	for (int i = 0; i < 6; i++)
		*--sp = 0;
#else
	sp -= 20;
	for (int i = 0; i < 20; i++)
		sp[i] = 0;
	sp[11] = (uintptr_t)trampoline;
#endif
	f->sp = sp;
}

bool fibre_overflows(const struct fibre *f, uintptr_t addr)
{
	return addr - (uintptr_t)f->stack < (uintptr_t)sysconf(_SC_PAGESIZE);
}

uintptr_t fibre_interrupted_at(const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#else
	return (uintptr_t)uc->uc_mcontext.pc;
#endif
}

void fibre_redirect(const struct fibre *f, void *context, void (*fn)(void))
{
	ucontext_t *uc = context;
	uintptr_t sp = ((uintptr_t)f->stack + f->size / 2) & ~(uintptr_t)15;

#if defined(__x86_64__)
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)(sp - 8);
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)fn;
#else
	uc->uc_mcontext.sp = sp;
	uc->uc_mcontext.pc = (uintptr_t)fn;
#endif
}

void fibre_will_start(struct fibre *f)
{
	starting = f;
}

#if defined(__x86_64__)
/* For whoever walks up the stack, there is nothing above: the caller's frames are no part of the thread. */
__asm__(".text\n\t"
	".globl fibre_call\n\t"
	".hidden fibre_call\n\t"
	".type fibre_call, @function\n"
	"fibre_call:\n\t"
	".cfi_startproc\n\t"
	".cfi_undefined rip\n\t"
	"push %rbx\n\t"
	"push %rbp\n\t"
	"push %r12\n\t"
	"push %r13\n\t"
	"push %r14\n\t"
	"push %r15\n\t"
	"sub $8, %rsp\n\t"
	"mov %rdi, %rax\n\t"
	"mov %rsi, %rdi\n\t"
	"xor %ebx, %ebx\n\t"
	"xor %ebp, %ebp\n\t"
	"xor %r12d, %r12d\n\t"
	"xor %r13d, %r13d\n\t"
	"xor %r14d, %r14d\n\t"
	"xor %r15d, %r15d\n\t"
	"call *%rax\n\t"
	"add $8, %rsp\n\t"
	"pop %r15\n\t"
	"pop %r14\n\t"
	"pop %r13\n\t"
	"pop %r12\n\t"
	"pop %rbp\n\t"
	"pop %rbx\n\t"
	"ret\n\t"
	".cfi_endproc\n\t"
	".size fibre_call, . - fibre_call");
#else
void fibre_call(void (*fn)(void *arg), void *arg)
{
	fn(arg);
}
#endif
