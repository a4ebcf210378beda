"""Numbers with their nouns, as the commands say them."""


def counted(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``.

    :param count: how many
    :param noun: of what, in the singular
    """
    return f"{count} {noun}" + ("" if count == 1 else "s")
