"""What can go wrong, by exit code. Every message is one sentence: what, where, what to do.

1 Failed        it was tried and did not work (network, disk, a busy port)
2 BadInput      what was given cannot be used; every problem is listed
3 Refused       a rule says no: a licence, a missing rehearsal
4 Unexpected    what is published is not what was expected
"""


class Failure(Exception):
    exit_code = 1


class Failed(Failure):
    exit_code = 1


class BadInput(Failure, ValueError):
    exit_code = 2


class Unreachable(Failed):
    """A service on the network that does not answer now."""


class Refused(Failure):
    exit_code = 3


class Unexpected(Failure):
    exit_code = 4
