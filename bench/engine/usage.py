# SPDX-License-Identifier: MIT
"""What a command's process has used of processor and memory, without its children (a compiler, say).

It is stopped by ptrace when it has become the command, and when it exits, while the kernel still has both figures;
nothing in between is traced.
"""
import ctypes
import os
import signal
import tempfile
import time
from dataclasses import dataclass

PTRACE_CONT, PTRACE_SEIZE = 7, 0x4206
PTRACE_O_TRACEEXEC, PTRACE_EVENT_EXEC = 0x10, 4
PTRACE_O_TRACEEXIT, PTRACE_EVENT_EXIT = 0x40, 6
AT_EXEC = PTRACE_EVENT_EXEC << 8 | signal.SIGTRAP
AT_EXIT = PTRACE_EVENT_EXIT << 8 | signal.SIGTRAP

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


@dataclass
class Usage:
    cpu: float  # seconds, user and system, of all its threads
    wall: float
    peak: int  # KiB of memory that were in use at once
    status: int
    out: str


def _ptrace(request, pid, data):
    if libc.ptrace(request, pid, None, data):
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace: {os.strerror(error)}; the bench needs it to tell a process from its compiler")


def _cpu(pid):
    return time.clock_gettime_ns(~pid << 3 | 2) * 1e-9  # the kernel's clock of a process


def _peak(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def _start(command, cwd, out, gate, open_gate):
    pid = os.fork()
    if not pid:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        os.close(open_gate)
        os.read(gate, 1)
        try:
            os.chdir(cwd)
            os.execv(command[0], command)
        except OSError as e:
            os.write(2, f"{command[0]}: {e.strerror}\n".encode())
            os._exit(127)
    return pid


def _follow(pid):
    """From exec to exit: CPU time, wall time, memory, exit status."""
    started = began = cpu = peak = 0
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return cpu - began, time.monotonic() - started, peak, os.waitstatus_to_exitcode(status)
        if status >> 8 == AT_EXEC:
            started, began = time.monotonic(), _cpu(pid)
        elif status >> 8 == AT_EXIT:
            cpu, peak = _cpu(pid), _peak(pid)
        # A signal that was meant for it goes on to it; other stops are ptrace's own.
        _ptrace(PTRACE_CONT, pid, 0 if status >> 16 else os.WSTOPSIG(status))


def measure(command, cwd):
    """Runs @command, a list that begins with a path, in the folder @cwd."""
    gate, open_gate = os.pipe()
    with tempfile.TemporaryFile() as out:
        pid = _start(command, cwd, out, gate, open_gate)
        try:
            _ptrace(PTRACE_SEIZE, pid, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        finally:
            os.close(open_gate)  # the process may go on
            os.close(gate)
        cpu, wall, peak, status = _follow(pid)
        out.seek(0)
        return Usage(cpu, wall, peak, status, out.read().decode(errors="replace"))
