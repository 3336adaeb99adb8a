"""The system calls that a submission may not make, as a program for the kernel (seccomp, BPF).

What is refused holds memory that no process shows (memfd, shared anonymous maps, System V,
io_uring), opens a network, hides a process from the guard, or makes a namespace. All else is
allowed: what a submission can reach is decided by bubblewrap.
"""

import errno
import platform
import struct

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…
# Each call's number on the first and the second of them.
NUMBERS = """
    mmap 9 222               socket 41 198            clone 56 220             prctl 157 167
    clone3 435 435           shmget 29 194            semget 64 190            msgget 68 186
    mq_open 240 180          memfd_create 319 279     memfd_secret 447 447     userfaultfd 323 282
    io_uring_setup 425 425   io_uring_enter 426 426   io_uring_register 427 427
    bpf 321 280              perf_event_open 298 241  add_key 248 217          request_key 249 218
    keyctl 250 219           unshare 272 97           setns 308 268            mount 165 40
    umount2 166 39           pivot_root 155 41        chroot 161 51            ptrace 101 117
    open_tree 428 428        move_mount 429 429       fsopen 430 430           fsmount 432 432
    mount_setattr 442 442    open_by_handle_at 304 265
"""
AF_UNIX, PR_SET_DUMPABLE, CLONE_NEWUSER = 1, 4, 0x10000000
SHARED_AND_ANONYMOUS = 0x01 | 0x20  # of mmap
# Where the kernel puts what the program reads: the call's number, the architecture, its arguments.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000  # REFUSE: with an error's number added
X32 = 0x40000000  # another way to number the calls, on x86_64


def refused() -> bytes | None:
    """Return the program for this machine, None if its calls' numbers are not known here."""
    if platform.machine() not in ARCHITECTURES:
        return None
    architecture = ARCHITECTURES[platform.machine()]
    words, column = NUMBERS.split(), 1 + list(ARCHITECTURES).index(platform.machine())
    calls = dict(zip(words[::3], map(int, words[column::3]), strict=True))
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        # Its arguments cannot be seen. The C library takes clone if there is no clone3.
        *_refuse(calls.pop("clone3"), errno.ENOSYS),
        *_refuse(calls.pop("mmap"), errno.EPERM, 3, SHARED_AND_ANONYMOUS, SHARED_AND_ANONYMOUS),
        *_refuse(calls.pop("clone"), errno.EPERM, 0, CLONE_NEWUSER, CLONE_NEWUSER),
        *_refuse(calls.pop("prctl"), errno.EPERM, 0, 0xFFFFFFFF, PR_SET_DUMPABLE),
        *_refuse(calls.pop("socket"), errno.EAFNOSUPPORT, 0, 0xFFFFFFFF, AF_UNIX, unless=True),
    ]
    for number in calls.values():
        program += _refuse(number, errno.EPERM)
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _refuse(number, error, argument=None, mask=0, value=0, *, unless=False):
    """Return instructions that refuse a call: always, or if an argument's bits are the value's.

    The number of the call is in the register before them, and after them. ``unless``: refuse if
    the bits are others.
    """
    if argument is None:
        return [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | error)]
    return [
        (EQUAL, 0, 5, number),
        (LOAD, 0, 0, ARGUMENTS + 8 * argument),
        (AND, 0, 0, mask),
        (EQUAL, *((1, 0) if unless else (0, 1)), value),
        (RETURN, 0, 0, REFUSE | error),
        (LOAD, 0, 0, NUMBER),
    ]
