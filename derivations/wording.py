"""Words that commands and documents share."""


def counted(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``.

    :param count: how many
    :param noun: of what, in the singular
    """
    return f"{count} {noun}" + ("" if count == 1 else "s")


def decided_by(check: str) -> tuple[str, str]:
    """The command that decides a claim, and the claim's words.

    :param check: ``"JOB: words"``, as results name the lines of ``closedloop validate``
    """
    job, words = check.split(": ", 1)
    return "closedloop validate" + ("" if job == "main" else f" --{job}"), words
