"""Becomes another program that the kernel signals when its parent ends; run as a script by `infra.embedded.child`.

Arguments: the parent's pid, the signal, uid and gid (-1 to keep), then the program. The request to the kernel comes
after the change of user, which would clear it, and the parent is looked at once more, since it may be gone already.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    program = sys.argv[5:]
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent process is gone")
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
